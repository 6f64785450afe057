// Walks the newcomer's way of docs/start.md with the tarballs of `pnpm tarballs`, in an empty project outside of the repository: installs them with
// npm beside the frameworks that they adapt, resolves their types, runs the page's training loop, goes on from a saved tfjs model bit for bit, and
// runs the places that are quick.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inProject, root } from "./packed-project.js";
import { places, runPlaces } from "./places/places.js";

const packages = ["linalg", "core", "llama", "mpi", "tfjs", "jax"];
/** Beside the packages' peers: models of layers, and a bundler. */
const others = ["@tensorflow/tfjs@^4.22.0", "esbuild@0.28"];
const compilerOptions = "--strict --module nodenext --target es2022".split(" ");
const inBrowsers = ["--skipLibCheck", "--lib", "es2023,esnext.disposable,dom", "--types", ""]; // none but those of the packages
/** Without the DOM, and with the declarations of all packages checked. */
const inNode = ["--lib", "es2022", "--types", "node", "--typeRoots", join(root, "node_modules", "@types")];

await inProject(packages, others, async (project) => {
  const { folder, copy, run } = project;
  const compile = (file, ...options) =>
    run(join(root, "node_modules", ".bin", "tsc"), [...compilerOptions, ...options, file]);

  copy("packages/tfjs/test/packed");
  compile("types.ts", "--noEmit", ...inBrowsers);
  compile("types-in-node.ts", "--noEmit", ...inNode);
  console.log("types resolve, without the DOM too");

  const page = readFileSync(join(root, "docs", "start.md"), "utf8");
  const block = (language) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(page)[1];
  writeFileSync(join(folder, "loop.ts"), block("ts"));
  compile("loop.ts", ...inBrowsers);
  const printed = run(process.execPath, ["loop.js"]);
  if (printed !== block("text")) throw new Error(`the loop of docs/start.md printed\n${printed}`);
  console.log("the loop of docs/start.md prints what the page says");

  for (const backend of ["cpu", "wasm"]) resumeInAnotherProcess(backend, run);
  await runPlaces(
    project,
    places.filter(({ inGate }) => inGate),
  );
});

function resumeInAnotherProcess(backend, run) {
  const train = (...args) => run(process.execPath, ["train.mjs", backend, ...args]);
  const whole = train("6", "-", "-");
  train("3", "-", "half.json");
  const resumed = train("3", "half.json", "-");
  if (resumed !== whole) {
    throw new Error(`${backend}: the resumed run has other weights: ${resumed} instead of ${whole}`);
  }
  console.log(`${backend}: a saved model goes on bit for bit in another process`);
}
