// Builds what the trainer stands on, quietly unless it fails, and becomes the trainer: `pnpm train …`.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const turbo = fileURLToPath(new URL("../node_modules/turbo/bin/turbo", import.meta.url));

process.stderr.write("building … ");
const build = spawnSync(
  process.execPath,
  [turbo, "run", "build", "--filter=@sumo/trainer...", "--output-logs=errors-only"],
  {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
  },
);
if (build.status !== 0) {
  process.stderr.write(`failed\n${build.stdout ?? ""}${build.stderr ?? ""}${build.error?.message ?? ""}`);
  process.exit(1);
}
process.stderr.write("done\n");
await import("../apps/trainer/dist/cli.js");
