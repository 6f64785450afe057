// Trains on texts that are longer than a string can be: a sparse file of zero bytes, and sentences with a vocabulary of their own. Ends a run
// in the middle of encoding and starts it again. Takes about a minute for texts of 0.6 GiB, the default, and seven times their size of disk.
//
//   node scripts/train-on-large-texts.js [GIB]
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../apps/trainer/dist/cli.js", import.meta.url));
const PEAK = new URL("../apps/trainer/test/peak-memory.js", import.meta.url).href;
const TINY =
  "--dim 16 --layers 1 --heads 2 --context 16 --batch 2 --threads 1 --eval-tokens 64 --final-tokens 64 --length 2 --steps 4";
const BYTES = Math.round(Number(process.argv[2] ?? 0.6) * 2 ** 30);
/** Memory that no run here may need more of: the text alone is larger. */
const MOST_BYTES = 450e6;

const folder = mkdtempSync(join(tmpdir(), "sumo-large-"));

function start(...words) {
  const peakFile = join(folder, "peak");
  const env = { ...process.env, INIT_CWD: folder, PEAK_FILE: peakFile };
  const child = spawn(process.execPath, ["--import", PEAK, PROGRAM, ...words], { cwd: folder, env, stdio: "inherit" });
  const ended = new Promise((resolve) => child.on("close", (code) => resolve(code)));
  return { child, ended, peakBytes: () => Number(readFileSync(peakFile, "utf8")) };
}

async function train(...words) {
  const before = performance.now();
  const run = start(...words);
  const code = await run.ended;
  const seconds = ((performance.now() - before) / 1000).toFixed(1);
  console.log(`\n>> exit code ${code}, ${seconds} s, ${(run.peakBytes() / 1e6).toFixed(0)} MB\n`);
  if (code !== 0 || run.peakBytes() > MOST_BYTES) throw new Error(`expected exit code 0 and ${MOST_BYTES} bytes`);
}

/** Waits until the tokens of the text are recorded in part. */
async function recorded() {
  const tokens = join(folder, "runs", ".tokens");
  for (;;) {
    if (existsSync(tokens) && readdirSync(tokens).some((name) => name.endsWith(".json"))) return;
    await pause(5);
  }
}

try {
  closeSync(openSync(join(folder, "zeros.txt"), "w"));
  truncateSync(join(folder, "zeros.txt"), BYTES);
  const sentences = Array.from(
    { length: 20_000 },
    (_, i) => `Whale ${i} met ship ${(i * 7919) % 10_007} at sea.\n`,
  ).join("");
  const text = openSync(join(folder, "sentences.txt"), "w");
  for (let at = 0; at < BYTES; at += sentences.length) writeSync(text, sentences);
  closeSync(text);

  await train("--data", "zeros.txt", ...TINY.split(" "), "--name", "zeros");
  rmSync(join(folder, "runs", ".tokens"), { recursive: true });

  const words = ["--data", "sentences.txt", "--vocab", "400", ...TINY.split(" "), "--name", "sentences"];
  const first = start(...words);
  await recorded();
  first.child.kill("SIGKILL");
  await first.ended;
  await train(...words);
  await train("--resume", "sentences", "--steps", "8", "--threads", "1", "--length", "2");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
