/**
 * Measures a whole training step, ours and PyTorch's: tokens a second and memory.
 *
 * Usage: node bench/training/run.js [--widths 128,256,512] [--repeats 50] [--no-pytorch] [--json | --save]
 * Runs rounds of passes, then of steps; any fifty steps include one refresh of SUMO's subspaces. Needs a build. PyTorch is included where
 * `/usr/bin/python3 -c "import torch"` works (Debian: python3-torch), the native engine where a BLAS is found. `--save` writes
 * bench/results/training.json and training.md.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fromHuggingFaceConfig, parameterShapes } from "@sumo/llama";
import { ours, rates, starters } from "./contestant.js";
import { render } from "./render.js";
import { widthTask } from "./task.js";

const { values } = parseArgs({
  options: {
    widths: { type: "string", default: "128,256,512" },
    repeats: { type: "string", default: "50" },
    "no-pytorch": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
  },
});
const { batch, length } = widthTask(128);
/** Of a step, at every width. */
const TOKENS = batch * length;
const repeats = Number(values.repeats);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

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
  const task = widthTask(width);
  for (const start of starters(task, { pytorch: !values["no-pytorch"] })) contestants.push(await start());
  const collected = await ours(task, "wasm", 1, { perLayer: false })();
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
    parameters: parametersOf(task),
    contestants: contestants.map(({ name }, i) => ({ name, ...summary(times[i]) })),
    memory: { perLayer, collected: collected.first },
  };
}

/** Milliseconds of the quickest pass and step of each contestant. */
function leastTimes({ width, contestants }) {
  const ms = ({ best }) => (1000 * TOKENS) / best;
  return contestants.flatMap(({ name, passRate, stepRate }) => [
    { name: `${width}, ${name}, forward + backward`, least: ms(passRate) },
    { name: `${width}, ${name}, step`, least: ms(stepRate) },
  ]);
}

function parametersOf({ config }) {
  const sizes = parameterShapes(fromHuggingFaceConfig(config)).map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  return sizes.reduce((sum, size) => sum + size);
}

/** Summarizes times. The optimizer's share is the time that it adds: on several threads part of its work overlaps with gradients. */
function summary({ pass, step }) {
  const total = (ms) => ms.reduce((sum, x) => sum + x, 0);
  const [passRate, stepRate] = [pass, step].map((times) => rates(times, TOKENS));
  return { passRate, stepRate, optimizerShare: Math.max(0, 1 - total(pass) / total(step)) };
}
