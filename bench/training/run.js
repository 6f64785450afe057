/**
 * Measures a whole training step, ours and PyTorch's: tokens a second and memory.
 *
 * Usage: node bench/training/run.js [--widths 128,256,512] [--repeats 50] [--no-pytorch] [--json | --save]
 * Runs rounds of passes, then of steps; any fifty steps include one refresh of SUMO's subspaces. Needs a build. PyTorch is included where
 * `/usr/bin/python3 -c "import torch"` works (Debian: python3-torch), the native engine where a BLAS is found. `--save` writes
 * bench/results/training.json and training.md.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startContestant } from "./contestant.js";
import { render } from "./render.js";
import { BATCH, LAYERS, LENGTH } from "./task.js";

const { values } = parseArgs({
  options: {
    widths: { type: "string", default: "128,256,512" },
    repeats: { type: "string", default: "50" },
    "no-pytorch": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
  },
});
const repeats = Number(values.repeats);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const PYTHON = "/usr/bin/python3";
const works = (command, parameters) => spawnSync(command, parameters, { cwd: here(".") }).status === 0;
const hasTorch = !values["no-pytorch"] && works(PYTHON, ["-c", "import torch"]);
const hasNative = works(process.execPath, [
  "--input-type=module",
  "-e",
  'import { createNativeEngine } from "@sumo/linalg/native"; createNativeEngine({ bytes: 65536 })',
]);
if (!hasTorch && !values["no-pytorch"]) console.error("PyTorch is left out: apt-get install python3-torch");
if (!hasNative) console.error("the native engine is left out: apt-get install libopenblas0-pthread");

const loads = [loadavg()[0]];
const widths = [];
for (const width of values.widths.split(",").map(Number)) widths.push(await measure(width));
loads.push(loadavg()[0]);
const [{ model }, ...more] = cpus();
const results = {
  machine: `${model.trim()}, ${more.length + 1} cores`,
  node: process.versions.node,
  loads,
  repeats,
  widths,
};
console.log(values.json ? JSON.stringify({ results: widths.flatMap(leastTimes) }) : render(results));
if (values.save) {
  writeFileSync(here("../results/training.json"), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(here("../results/training.md"), render(results));
}

async function measure(width) {
  const contestants = [];
  for (const start of starters(width)) contestants.push(await start());
  const collected = await ours(width, "wasm", 1, { perLayer: false })();
  collected.stop();
  const times = contestants.map(() => ({ pass: [], step: [] }));
  for (const work of ["pass", "step"]) {
    for (let round = 0; round < repeats; round++) {
      for (const [i, contestant] of contestants.entries()) times[i][work].push((await contestant.make(work)).ms);
    }
  }
  for (const contestant of contestants) contestant.stop();
  const [{ first: perLayer }] = contestants;
  return {
    width,
    parameters: parametersOf(width),
    contestants: contestants.map(({ name }, i) => ({ name, ...summary(times[i]) })),
    memory: { perLayer, collected: collected.first },
  };
}

/** Milliseconds of the quickest pass and step of each contestant. */
function leastTimes({ width, contestants }) {
  const ms = ({ best }) => (1000 * BATCH * LENGTH) / best;
  return contestants.flatMap(({ name, passRate, stepRate }) => [
    { name: `${width}, ${name}, forward + backward`, least: ms(passRate) },
    { name: `${width}, ${name}, step`, least: ms(stepRate) },
  ]);
}

function starters(width) {
  const native = hasNative ? [1, 2].map((threads) => ours(width, "native", threads)) : [];
  const torch = hasTorch ? [1, 2].map((threads) => pytorch(width, threads)) : [];
  return [ours(width, "wasm", 1), ours(width, "wasm", 2), ...native, ...torch];
}

/** Starts our contestant. On the native engine the threads are those of the BLAS. */
function ours(width, engine, threads, more = {}) {
  const options = { engine, threads: engine === "native" ? 1 : threads, width, ...more };
  const environment = engine === "native" ? { OPENBLAS_NUM_THREADS: String(threads) } : {};
  const parameters = [here("ours.js"), JSON.stringify(options)];
  return () => startContestant(`ours, ${engine}, ${plural(threads)}`, process.execPath, parameters, environment);
}

function pytorch(width, threads) {
  const options = { threads, width, layers: LAYERS, length: LENGTH, batch: BATCH };
  return () =>
    startContestant(`PyTorch, ${plural(threads)}`, PYTHON, [here("torch_llama.py"), JSON.stringify(options)]);
}

function plural(threads) {
  return `${threads} thread${threads === 1 ? "" : "s"}`;
}

function parametersOf(width) {
  const hidden = Math.ceil((8 * width) / 3 / 32) * 32;
  return 2 * 256 * width + width + LAYERS * (4 * width * width + 3 * width * hidden + 2 * width);
}

/** Summarizes times. The optimizer's share is the time that it adds: on several threads part of its work overlaps with gradients. */
function summary({ pass, step }) {
  const rates = (ms) => {
    const sorted = ms.toSorted((a, b) => a - b);
    const [best, median] = [sorted[0], sorted[Math.floor(sorted.length / 2)]].map((x) => (1000 * BATCH * LENGTH) / x);
    return { best, median };
  };
  const total = (ms) => ms.reduce((sum, x) => sum + x, 0);
  return { passRate: rates(pass), stepRate: rates(step), optimizerShare: Math.max(0, 1 - total(pass) / total(step)) };
}
