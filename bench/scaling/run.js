/**
 * What several ranks cost and bring: sums over links of three speeds at SmolLM-135M's shape, the trainer on two ranks, and a model of more.
 *
 * Usage, on Linux as root, idle, after `pnpm run build`: node bench/scaling/run.js [links|training ...] [--save]
 * About eight minutes; needs two cores, 6 GB of memory, iproute2, Open MPI and MPICH. `--save` writes bench/results/scaling.json; a part that is not
 * run keeps its rows.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { publish } from "../published-model.js";
import { SMOLLM_135M } from "../smollm-135m.js";
import { onTwoHosts, openMpi } from "./two-hosts.js";

const RESULTS = new URL("../results/scaling.json", import.meta.url);
const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const TRAINER = file("../../apps/trainer/dist/cli.js");

/** Bits a second. */
const LINKS = [10e9, 1e9, 50e6];
/** Steps of the optimizer; the last is measured, since SUMO's first needs whole gradients. */
const SUMS = { whole: 1, projected: 2 };

const MPIRUN = ["--allow-run-as-root", "--oversubscribe", "-n", "2"];
const LAUNCHERS = {
  "1 process": [],
  "2 processes, Open MPI": ["mpirun.openmpi", ...MPIRUN],
  "2 processes, MPICH": ["mpirun.mpich", "-n", "2"],
};
const RUN = "--steps 40 --eval-every 1000 --eval-tokens 1024 --final-tokens 1024 --length 1 --checkpoint-every 1000";
/** Strong scaling divides the passes of a step between processes; weak scaling gives each one more. */
const WORK = [
  { scaling: "strong", launcher: "1 process", threads: 1, passes: 2 },
  { scaling: "strong", launcher: "1 process", threads: 2, passes: 2 },
  { scaling: "strong", launcher: "2 processes, Open MPI", threads: 1, passes: 2 },
  { scaling: "strong", launcher: "2 processes, MPICH", threads: 1, passes: 2 },
  { scaling: "weak", launcher: "1 process", threads: 1, passes: 1 },
  { scaling: "weak", launcher: "2 processes, Open MPI", threads: 1, passes: 2 },
];
const DIMS = [128, 256];
const RANKS = [8, 64, 1024];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { save: { type: "boolean", default: false } },
});
const parts = { links: measureLinks, training: measureTraining };
const wanted = positionals.length > 0 ? positionals : Object.keys(parts);
for (const part of wanted)
  if (!(part in parts)) throw new Error(`no part ${part}; there are ${Object.keys(parts).join(", ")}`);

const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`;
let results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : {};
for (const part of wanted) results = { ...results, machine, ...parts[part]() };
if (results.links !== undefined && results.pass !== undefined) results.model = modelOf(results);
if (values.save) writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);

/** Bytes and milliseconds of a step's sums between two hosts. */
function measureLinks() {
  const links = LINKS.flatMap((bitsPerSecond) =>
    Object.entries(SUMS).map(([sums, steps]) => {
      const rank = `${process.execPath} ${file("sums.js")} ${sums} ${steps}`;
      const lines = onTwoHosts(bitsPerSecond, (hosts) => hosts.run(0, `${openMpi(hosts)} ${rank}`))
        .trim()
        .split("\n");
      const row = { bitsPerSecond, sums, ...JSON.parse(lines.at(-1)) };
      console.log(JSON.stringify(row));
      return row;
    }),
  );
  return { links };
}

/** Tokens a second of the trainer, all processes together; and the milliseconds of one pass of SmolLM-135M's shape. */
function measureTraining() {
  const folder = mkdtempSync(join(tmpdir(), "scaling-"));
  try {
    const training = DIMS.flatMap((dim) =>
      WORK.map((work) => {
        const words = `${RUN} --dim ${dim} --residual off --threads ${work.threads} --accumulate ${work.passes}`;
        const row = { dim, ...work, tokensPerSecond: Math.round(speedOf(folder, work.launcher, words)) };
        console.log(JSON.stringify(row));
        return row;
      }),
    );
    publish(join(folder, "model"), SMOLLM_135M);
    writeFileSync(join(folder, "text.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(400));
    const words = `${RUN} --steps 4 --data text.txt --init model --context 256 --batch 1 --threads 1 --residual off --rank 64`;
    const pass = { tokens: 256, milliseconds: Math.round(256_000 / speedOf(folder, "1 process", words)) };
    console.log(JSON.stringify(pass));
    return { training, pass };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The median of the speeds in the log of a run. */
function speedOf(folder, launcher, words) {
  const [program, ...before] = [...LAUNCHERS[launcher], process.execPath];
  const args = [...before, TRAINER, ...words.split(" "), "--runs", "runs", "--name", "run"];
  const env = { ...process.env, INIT_CWD: folder, NO_COLOR: "1" };
  const { status, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const run = join(folder, "runs", "run");
  const lines = readFileSync(join(run, "log.jsonl"), "utf8").trim().split("\n");
  rmSync(run, { recursive: true });
  const speeds = lines.flatMap((line) => JSON.parse(line).tokensPerSecond ?? []).toSorted((a, b) => a - b);
  return speeds[Math.floor(speeds.length / 2)];
}

/**
 * A model, not a measurement, of weak scaling: each of P ranks makes a pass, then the sums go around a ring, 2 (P - 1) / P times their bytes through
 * every link, and nothing overlaps. Efficiency is the share of a step that is not sums.
 */
function modelOf({ links, pass }) {
  return links.flatMap(({ bitsPerSecond, sums, bytes }) =>
    RANKS.map((ranks) => {
      const sumMs = (2 * (ranks - 1) * bytes * 8000) / (ranks * bitsPerSecond);
      const row = {
        bitsPerSecond,
        sums,
        ranks,
        sumMs: Math.round(sumMs),
        efficiency: pass.milliseconds / (pass.milliseconds + sumMs),
      };
      console.log(`model: ${JSON.stringify(row)}`);
      return row;
    }),
  );
}
