// Builds what the trainer stands on, quietly unless it fails, and becomes the trainer: `pnpm train …`.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const turbo = fileURLToPath(new URL("../node_modules/turbo/bin/turbo", import.meta.url));

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const START = "start the trainer with: npx -y pnpm@12.21.0 train";
if (!existsSync(turbo)) fail(`error: the packages are not installed; ${START}`);
if (spawnSync("pnpm", ["--version"], { shell: process.platform === "win32" }).status !== 0) {
  fail(`error: pnpm is not on the path, and the build needs it; ${START}`);
}

const PROGRAM = new URL("../apps/trainer/dist/cli.js", import.meta.url);
const { OMPI_COMM_WORLD_SIZE, PMI_SIZE, PMIX_RANK } = process.env;
if ((OMPI_COMM_WORLD_SIZE ?? PMI_SIZE ?? PMIX_RANK) === undefined) build();
else if (!existsSync(PROGRAM))
  fail(`error: processes that start together build nothing; build first: npx -y pnpm@12.21.0 build`);
await import(PROGRAM);

function build() {
  process.stderr.write("building … ");
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [turbo, "run", "build", "--filter=@sumo/trainer...", "--output-logs=errors-only"],
    {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
    },
  );
  if (status !== 0) fail(`failed\n${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`);
  process.stderr.write("done\n");
}
