/**
 * Measures forward and backward pass in tokens a second, on one thread and on several, and the share of each kernel.
 *
 * Usage: node packages/llama/bench/forward-backward.js [--dim 128] [--layers 4] [--length 128] [--batch 8] [--threads 2] [--repeats 12]
 * Needs a build (`npx -y pnpm@12.21.0 build`). The shares are measured in a run of their own, since timing costs time.
 */
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createWasmEngine } from "@sumo/linalg";
import { createLlama } from "@sumo/llama";
import { clockKernels } from "./kernel-clock.js";

const defaults = { dim: 128, layers: 4, length: 128, batch: 8, threads: 2, repeats: 12 };
const { values } = parseArgs({
  options: Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, { type: "string", default: String(value) }]),
  ),
});
const [dim, layers, length, batch, threads, repeats] = Object.keys(defaults).map((name) => Number(values[name]));
const config = { dim, layers, context: length, heads: Math.max(1, dim / 32) };
const tokens = Int32Array.from({ length: batch * length }, (_, i) => (i * 7919) % 256);
const targets = Int32Array.from({ length: batch * length }, (_, i) => (i * 104729) % 256);

const model = createLlama(config, { engine: createWasmEngine({ shared: true }) });
const parameters = model.parameters.reduce((sum, { data }) => sum + data.length, 0);
const size = `${dim} wide, ${layers} layers, context ${length}, batch ${batch}, ${(parameters / 1e6).toFixed(2)} M parameters`;
console.log(`${cpus()[0].model.trim()}, ${availableParallelism()} cores, Node ${process.version}\n${size}`);

const workers = Array.from({ length: threads - 1 }, () => new Worker(new URL("worker.js", import.meta.url)));
const one = model.createPass(batch, length);
const many = await model.createThreadedPass(batch, length, { workers });
const backward = (pass) => pass.backward(tokens, targets, () => {});
const [alone, together, forward] = interleaved([
  () => backward(one),
  () => backward(many),
  () => one.loss(tokens, targets),
]);
report("forward + backward, 1 thread", alone);
report(`forward + backward, ${threads} threads`, together);
console.log(`${threads} threads are ${(alone[0] / together[0]).toFixed(2)} times one`);
report("forward alone, 1 thread", forward);
many.dispose();
await Promise.all(workers.map((worker) => worker.terminate()));
reportShares();

/** Sorted times of each job in ms. The jobs alternate, so that disturbances affect all alike. */
function interleaved(jobs) {
  for (const job of jobs) job();
  const times = jobs.map(() => []);
  for (let i = 0; i < repeats; i++) {
    jobs.forEach((job, j) => {
      const start = performance.now();
      job();
      times[j].push(performance.now() - start);
    });
  }
  return times.map((list) => list.sort((a, b) => a - b));
}

function report(name, times) {
  const rate = (ms) => Math.round((1000 * batch * length) / ms).toLocaleString("en");
  const median = times[Math.floor(times.length / 2)];
  console.log(`${name}: ${rate(times[0])} tokens/s best, ${rate(median)} median of ${repeats}`);
}

function reportShares() {
  const clock = clockKernels();
  const pass = createLlama(config, { engine: createWasmEngine() }).createPass(batch, length);
  backward(pass);
  const runs = Array.from({ length: repeats }, () => {
    clock.reset();
    const start = performance.now();
    backward(pass);
    return { ms: performance.now() - start, kernels: clock.read() };
  });
  const best = runs.reduce((a, b) => (a.ms < b.ms ? a : b));
  const kernels = [...best.kernels].sort(([, a], [, b]) => b - a);
  const rest = best.ms - kernels.reduce((sum, [, ms]) => sum + ms, 0);
  for (const [name, ms] of [...kernels, ["outside of kernels", rest]]) {
    console.log(`${((100 * ms) / best.ms).toFixed(1).padStart(5)} %  ${ms.toFixed(2).padStart(7)} ms  ${name}`);
  }
}
