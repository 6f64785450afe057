/**
 * Times this repository's linear algebra against other packages, side by side in one run.
 *
 * Usage, after `pnpm run build`: node bench/linalg/run.js [--only TEXT]
 * Needs Node 24, as two of the packages do, and python3 with numpy (Debian: python3-numpy).
 * --only keeps the tasks whose dtype and name contain TEXT, and writes no results.
 * Writes results/linalg.json and results/linalg.md beside this folder. Every result is compared with this repository's own in float64.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureLimits } from "../../packages/linalg/bench/machine.js";
import { machineAndVersions } from "./machine.js";
import { operands, products } from "./products.js";
import { render } from "./render.js";

const ROUNDS = 7;
const ROUND_MS = 20;
/** Slower calls are not repeated within a round, and much slower ones are tried less often. */
const PATIENCE_MS = 300;

const { only } = parseArgs({ options: { only: { type: "string" } } }).values;
const files = ["sumo", "numpy", "numpy-ts", "jax-js", "tfjs-wasm", "stdlib", "ml-matrix"];
const contestants = [];
for (const file of files) contestants.push(...(await (await import(`./contestants/${file}.js`)).load()));

const limits = await measureLimits();
const tasks = products.filter(({ dtype, name }) => only === undefined || `${dtype} ${name}`.includes(only));
const results = [];
for (const task of tasks) {
  const result = { ...task, peak: limits.gigaflops(task.dtype === "float32" ? 32 : 64), contestants: await race(task) };
  results.push(result);
  console.log(task.dtype, task.name);
  for (const { name, ms } of result.contestants) {
    console.log(`  ${name}: ${ms.median.toFixed(3)} ms, ${(task.flops / ms.median / 1e6).toFixed(1)} GFLOP/s`);
  }
}
for (const contestant of contestants) contestant.dispose?.();
if (only === undefined) {
  const report = { ...machineAndVersions(), results };
  writeFileSync(new URL("../results/linalg.json", import.meta.url), `${JSON.stringify(report, undefined, 1)}\n`);
  writeFileSync(new URL("../results/linalg.md", import.meta.url), render(report));
}

/** Times one task: in every round each contestant has its turn. */
async function race(task) {
  const [a, b] = operands(task);
  const entries = [];
  for (const { name, matmul } of contestants) {
    const prepared = await matmul(task, a, b);
    if (prepared !== undefined) entries.push({ name, ...prepared, samples: [] });
  }
  for (const entry of entries) await warmUp(entry);
  checkResults(task, await Promise.all(entries.map(async ({ name, result }) => [name, await result()])));
  for (let round = 0; round < ROUNDS; round++) {
    for (const entry of entries) {
      if (entry.onceMs > PATIENCE_MS && round >= 3) continue;
      entry.samples.push((await timeCalls(entry, entry.calls)) / entry.calls);
    }
  }
  for (const { dispose } of entries) dispose?.();
  return entries.map(({ name, samples }) => ({ name, ms: quartiles(samples) }));
}

/** Runs until compiled, and finds how many calls fill a round. */
async function warmUp(entry) {
  let calls = 0;
  const start = performance.now();
  do {
    entry.onceMs = await timeCalls(entry, 1);
    calls++;
  } while (performance.now() - start < 5 * ROUND_MS || calls < 2);
  entry.calls = Math.max(1, Math.round(ROUND_MS / entry.onceMs));
}

async function timeCalls(entry, calls) {
  if (entry.time !== undefined) return entry.time(calls);
  const start = performance.now();
  for (let call = 0; call < calls; call++) entry.run();
  return performance.now() - start;
}

/** Every contestant must have computed the same product, to the rounding of its dtype. */
function checkResults({ dtype, k }, [[, expected], ...others]) {
  const tolerance = k * (dtype === "float32" ? 2 ** -23 : 2 ** -52);
  const size = Math.hypot(...sampled(expected));
  for (const [name, values] of others) {
    const error = Math.hypot(...sampled(expected).map((x, i) => x - sampled(values)[i]));
    if (!(values.length === expected.length && error <= tolerance * size))
      throw new Error(`${name} computed something else`);
  }
}

/** Elements from everywhere, few enough to spread as arguments. */
function sampled(values) {
  const step = Math.max(1, Math.floor(values.length / 1000));
  return Array.from({ length: Math.floor(values.length / step) }, (_, i) => values[i * step]);
}

function quartiles(samples) {
  const sorted = samples.toSorted((x, y) => x - y);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return { least: sorted[0], lower: at(0.25), median: at(0.5), upper: at(0.75) };
}
