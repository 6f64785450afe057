import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PROMPT, SAMPLED } from "./task.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const works = (command, parameters) => spawnSync(command, parameters, { cwd: here(".") }).status === 0;
const PYTHON = "/usr/bin/python3";

/** Functions that start the contestants of a task: ours on one and two threads, on the native engine too where there is a BLAS, and PyTorch. */
export function starters(task, { pytorch }) {
  const hasTorch = pytorch && works(PYTHON, ["-c", "import torch"]);
  const hasNative = works(process.execPath, [
    "--input-type=module",
    "-e",
    'import { createNativeEngine } from "@sumo/linalg/native"; createNativeEngine({ bytes: 65536 })',
  ]);
  if (!hasTorch && pytorch) console.error("PyTorch is left out: apt-get install python3-torch");
  if (!hasNative) console.error("the native engine is left out: apt-get install libopenblas0-pthread");
  const native = hasNative ? [1, 2].map((threads) => ours(task, "native", threads)) : [];
  const torch = hasTorch ? [1, 2].map((threads) => torchOf(task, threads)) : [];
  return [ours(task, "wasm", 1), ours(task, "wasm", 2), ...native, ...torch];
}

/** Starts our contestant. On the native engine the threads are those of the BLAS. */
export function ours(task, engine, threads, more = {}) {
  const options = { engine, threads: engine === "native" ? 1 : threads, task, ...more };
  const environment = engine === "native" ? { OPENBLAS_NUM_THREADS: String(threads) } : {};
  const parameters = [here("ours.js"), JSON.stringify(options)];
  return () => startContestant(`ours, ${engine}, ${plural(threads)}`, process.execPath, parameters, environment);
}

/** Starts PyTorch, whose own number of threads is not its BLAS's; threads of OpenMP that wait must leave the cores to that of the BLAS. */
function torchOf(task, threads) {
  const options = JSON.stringify({ task, threads, prompt: PROMPT, sampled: SAMPLED });
  const count = String(threads);
  const environment = { OPENBLAS_NUM_THREADS: count, OMP_NUM_THREADS: count, OMP_WAIT_POLICY: "PASSIVE" };
  return () => startContestant(`PyTorch, ${plural(threads)}`, PYTHON, [here("torch_llama.py"), options], environment);
}

function plural(threads) {
  return `${threads} thread${threads === 1 ? "" : "s"}`;
}

/** Starts a process that works on request. `first` is its first line of output, sent when it is ready. */
async function startContestant(name, command, parameters, environment = {}) {
  const child = spawn(command, parameters, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended early`);
    return JSON.parse(value);
  };
  const first = await read();
  /** @param work - `"step"`, `"pass"`, which is forward and backward alone, or `"sample"`. */
  const make = (work) => {
    child.stdin.write(`${work}\n`);
    return read();
  };
  return { name, first, make, stop: () => child.stdin.end() };
}

/** Tokens a second in the best and the median of `times` in milliseconds, for `tokens` tokens. */
export function rates(times, tokens) {
  const sorted = times.toSorted((a, b) => a - b);
  const [best, median] = [sorted[0], sorted[Math.floor(sorted.length / 2)]].map((ms) => (1000 * tokens) / ms);
  return { best, median };
}
