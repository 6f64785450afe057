// Walks the newcomer's way of docs/start.md with the tarballs of `pnpm tarballs`, in an empty project outside of the repository: installs them with
// npm beside the frameworks that they adapt, resolves their types, runs the page's training loop, and goes on from a saved tfjs model bit for bit.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = ["linalg", "core", "llama", "mpi", "tfjs", "jax"];
/** Frameworks beside the packages' peers: models of layers. */
const frameworks = ["@tensorflow/tfjs@^4.22.0"];
const compilerOptions = "--strict --module nodenext --target es2022".split(" ");
const inBrowsers = ["--skipLibCheck", "--lib", "es2023,esnext.disposable,dom", "--types", ""]; // none but those of the packages
/** Without the DOM, and with the declarations of all packages checked. */
const inNode = ["--lib", "es2022", "--types", "node", "--typeRoots", join(root, "node_modules", "@types")];

const project = mkdtempSync(join(tmpdir(), "sumo-packed-"));
const run = (command, ...args) =>
  execFileSync(command, args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const compile = (file, ...options) =>
  run(join(root, "node_modules", ".bin", "tsc"), ...compilerOptions, ...options, file);

try {
  install();
  cpSync(join(root, "packages", "tfjs", "test", "packed"), project, { recursive: true });
  compile("types.ts", "--noEmit", ...inBrowsers);
  compile("types-in-node.ts", "--noEmit", ...inNode);
  console.log("types resolve, without the DOM too");
  runLoopOfStartPage();
  for (const backend of ["cpu", "wasm"]) resumeInAnotherProcess(backend);
} finally {
  rmSync(project, { recursive: true, force: true });
}

function install() {
  const manifests = packages.map((name) =>
    JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")),
  );
  const packed = manifests.map(({ version }, i) => join(root, "tarballs", `sumo-${packages[i]}-${version}.tgz`));
  const peers = manifests.flatMap(({ peerDependencies = {} }) =>
    Object.entries(peerDependencies).map(([peer, range]) => `${peer}@${range}`),
  );
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run(
    "npm",
    "install",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    ...packed,
    ...peers,
    ...frameworks,
  );
}

function runLoopOfStartPage() {
  const page = readFileSync(join(root, "docs", "start.md"), "utf8");
  const block = (language) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(page)[1];
  writeFileSync(join(project, "loop.ts"), block("ts"));
  compile("loop.ts", ...inBrowsers);
  const printed = run(process.execPath, "loop.js");
  if (printed !== block("text")) throw new Error(`the loop of docs/start.md printed\n${printed}`);
  console.log("the loop of docs/start.md prints what the page says");
}

function resumeInAnotherProcess(backend) {
  const train = (...args) => run(process.execPath, "train.mjs", backend, ...args);
  const whole = train("6", "-", "-");
  train("3", "-", "half.json");
  const resumed = train("3", "half.json", "-");
  if (resumed !== whole) {
    throw new Error(`${backend}: the resumed run has other weights: ${resumed} instead of ${whole}`);
  }
  console.log(`${backend}: a saved model goes on bit for bit in another process`);
}
