// Kills the trainer with SIGKILL at random moments, and fails if a run loses more than the steps since its last checkpoint, does not go on, or ends with
// other bits than a run that was left alone. After `turbo run build`:
//
//   node scripts/kill-runs.js [KILLS [SEED]]     200 by default; some minutes
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomOf } from "../apps/trainer/test/fuzz/mutate.js";

const PROGRAM = fileURLToPath(new URL("../apps/trainer/dist/cli.js", import.meta.url));
const [KILLS, SEED] = [Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 0)];
const [STEPS, EVERY] = [150, 10];
const SHAPE =
  "--dim 32 --layers 2 --heads 2 --context 32 --batch 4 --threads 1 --eval-tokens 64 --final-tokens 64 --length 2";
const START =
  `--data text.txt ${SHAPE} --steps ${STEPS} --checkpoint-every ${EVERY} --eval-every ${EVERY} --name a`.split(" ");
const RESUME = ["--resume", "a", "--threads", "1", "--length", "2"];

const root = mkdtempSync(join(tmpdir(), "sumo-kill-"));
const random = randomOf(SEED);
try {
  const before = performance.now();
  const whole = newFolder();
  if ((await train(whole, START)).code !== 0) throw new Error("the run that is left alone failed");
  const longest = performance.now() - before;
  let kills = 0;
  let runs = 0;
  for (; kills < KILLS; runs++) kills += await killUntilDone(longest, KILLS - kills, resultOf(whole));
  console.log(
    `${kills} kills in ${runs} runs of ${STEPS} steps: all went on, and ended as the run that was left alone`,
  );
} finally {
  rmSync(root, { recursive: true });
}

/** Trains one run to its end, killed again and again, at most `most` times. Returns the number of kills. */
async function killUntilDone(longest, most, wanted) {
  const folder = newFolder();
  let kills = 0;
  let saved = 0;
  for (;;) {
    const began = existsSync(join(folder, "runs/a/config.json"));
    if (!began) rmSync(join(folder, "runs/a"), { recursive: true, force: true });
    const { code, killed, err } = await train(
      folder,
      began ? RESUME : START,
      kills < most ? random(Math.ceil(longest)) : undefined,
    );
    if (!killed && (code === 0 || /has made all of its/.test(err))) break;
    if (!killed) throw new Error(`after ${kills} kills a run ended with exit code ${code}: ${err}`);
    kills++;
    saved = checkedStep(folder, saved);
  }
  if (JSON.stringify(resultOf(folder)) !== JSON.stringify(wanted))
    throw new Error("a run that was killed ended with other bits");
  rmSync(folder, { recursive: true });
  return kills;
}

/** Step of a killed run's checkpoint. @throws {Error} if it is before the last one that was written whole. */
function checkedStep(folder, before) {
  const manifest = join(folder, "runs/a/checkpoint.json");
  const { step } = existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")) : { step: 0 };
  const last = logOf(folder).at(-1)?.step ?? 0;
  // A step is logged before the checkpoint that it may be due for.
  const due = EVERY * Math.floor((last - 1) / EVERY);
  if (step < before || step < due) throw new Error(`step ${last} was logged, but the checkpoint is of step ${step}`);
  return step;
}

function newFolder() {
  const folder = mkdtempSync(join(root, "run-"));
  writeFileSync(join(folder, "text.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(60));
  return folder;
}

/** Lines of a run's log, without one that was cut, and without times. */
function logOf(folder) {
  const path = join(folder, "runs/a/log.jsonl");
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
  return lines.map((line) => {
    const { seconds, tokensPerSecond, ...rest } = JSON.parse(line);
    return rest;
  });
}

/** Losses of a run, and digests of its weights and its optimizer's state. */
function resultOf(folder) {
  const digest = (name) =>
    createHash("sha256")
      .update(readFileSync(join(folder, "runs/a", name)))
      .digest("hex");
  return [logOf(folder), digest("model.safetensors"), digest("optimizer.safetensors")];
}

/** Runs the trainer to its end, or kills it after some milliseconds. */
function train(folder, words, milliseconds) {
  const env = { ...process.env, INIT_CWD: folder, NO_COLOR: "1" };
  const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  let err = "";
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const timer = milliseconds === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), milliseconds);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, killed: signal === "SIGKILL", err });
    });
  });
}
