// Packs the built packages, installs them into an empty project beside their peers and nothing else, and uses them there:
// types resolve, and a model that was saved in one process goes on bit for bit in another.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const project = mkdtempSync(join(tmpdir(), "sumo-packed-"));
const run = (command, args, cwd = project) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const pnpm = (args, cwd) =>
  run("npx", ["-y", JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager, ...args], cwd);

try {
  const names = ["linalg", "core", "tfjs", "jax"];
  for (const name of names) pnpm(["pack", "--pack-destination", project], join(root, "packages", name));
  const tarballs = readdirSync(project);
  const packed = Object.fromEntries(
    names.map((name) => [`@sumo/${name}`, `file:./${tarballs.find((file) => file.startsWith(`sumo-${name}-`))}`]),
  );
  const own = JSON.parse(readFileSync(join(root, "packages", "tfjs", "package.json"), "utf8"));
  const ofJax = JSON.parse(readFileSync(join(root, "packages", "jax", "package.json"), "utf8"));
  const dependencies = {
    "@sumo/tfjs": packed["@sumo/tfjs"],
    "@sumo/jax": packed["@sumo/jax"],
    ...own.peerDependencies,
    ...ofJax.peerDependencies,
  };
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "empty", private: true, type: "module", dependencies }),
  );
  // The packages are not published, so what they ask for by version comes from beside them, too.
  const lines = [
    "allowBuilds:",
    "  core-js: false",
    "overrides:",
    ...Object.entries(packed).map(([name, file]) => `  "${name}": ${file}`),
  ];
  writeFileSync(join(project, "pnpm-workspace.yaml"), `${lines.join("\n")}\n`);
  pnpm(["install", "--prefer-offline", "--silent"], project);
  cpSync(join(here, "..", "test", "packed"), project, { recursive: true });

  const compiler = join(root, "node_modules", ".bin", "tsc");
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2023,esnext.disposable,dom",
    "--types",
    "",
  ];
  run(compiler, [...options, "types.ts"]);
  console.log("types resolve");

  const train = (...args) => run(process.execPath, ["train.mjs", ...args]);
  for (const backend of ["cpu", "wasm"]) {
    const whole = train(backend, "6", "-", "-");
    train(backend, "3", "-", "half.json");
    const resumed = train(backend, "3", "half.json", "-");
    if (resumed !== whole)
      throw new Error(`${backend}: the resumed run has other weights: ${resumed} instead of ${whole}`);
    console.log(`${backend}: a saved model goes on bit for bit in another process`);
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
