import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TRAINER = fileURLToPath(new URL("../apps/trainer/dist/cli.js", import.meta.url));
const WATCH =
  'data:text/javascript,import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(process.env.PEAK,String(1024*process.resourceUsage().maxRSS)))';

/**
 * Runs the built trainer in a folder to its end. Returns what it printed, its largest memory as the system counted it, and, of a run, the memory that it
 * planned, both in bytes.
 */
export function trainer(folder, words, input = "") {
  const env = { ...process.env, INIT_CWD: folder, NO_COLOR: "1", PEAK: join(folder, "peak") };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", WATCH, TRAINER, ...words], {
    cwd: folder,
    env,
    input,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  const [, size, unit] = /([\d.]+) ([MG])B in all, state included/.exec(stdout) ?? [];
  return {
    out: stdout,
    peak: Number(readFileSync(env.PEAK, "utf8")),
    planned: Number(size) * (unit === "G" ? 1e9 : 1e6),
  };
}
