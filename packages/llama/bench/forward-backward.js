/**
 * Forward and backward, tokens a second, on one thread, with the share of each part.
 *
 * Usage: node packages/llama/bench/forward-backward.js [--dim 128] [--layers 4] [--length 128] [--batch 8] [--repeats 12]
 * Needs a build (`npx -y pnpm@12.21.0 build`).
 */
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { createWasmEngine, useEngine } from "@sumo/linalg";
import { createLlama } from "@sumo/llama";

const { values } = parseArgs({
  options: Object.fromEntries(
    Object.entries({ dim: 128, layers: 4, length: 128, batch: 8, repeats: 12 }).map(([name, value]) => [
      name,
      { type: "string", default: String(value) },
    ]),
  ),
});
const [dim, layers, length, batch, repeats] = ["dim", "layers", "length", "batch", "repeats"].map((name) =>
  Number(values[name]),
);

const engine = createWasmEngine();
const timed = timeProducts(engine);
useEngine(timed.engine);
const model = createLlama({ dim, layers, context: length, heads: Math.max(1, dim / 32) });
const pass = model.createPass(batch, length);
const tokens = Int32Array.from({ length: batch * length }, (_, i) => (i * 7919) % 256);
const targets = Int32Array.from({ length: batch * length }, (_, i) => (i * 104729) % 256);
const parameters = model.parameters.reduce((sum, { data }) => sum + data.length, 0);

console.log(`${cpus()[0].model.trim()}, ${availableParallelism()} cores, Node ${process.version}`);
console.log(
  `width ${dim}, ${layers} layers, context ${length}, batch ${batch}, ${(parameters / 1e6).toFixed(2)} M parameters`,
);

const ignore = () => {};
pass.backward(tokens, targets, ignore);
const runs = Array.from({ length: repeats }, () => {
  timed.reset();
  const start = performance.now();
  pass.backward(tokens, targets, ignore);
  return { ms: performance.now() - start, products: timed.ms(), flops: timed.flops() };
}).sort((a, b) => a.ms - b.ms);
const loss = Array.from({ length: repeats }, () => {
  const start = performance.now();
  pass.loss(tokens, targets);
  return performance.now() - start;
}).sort((a, b) => a - b);
const rate = (ms) => `${Math.round((1000 * batch * length) / ms).toLocaleString("en")} tokens/s`;
const [best] = runs;
const median = runs[Math.floor(repeats / 2)];
console.log(`forward + backward: ${rate(best.ms)} best, ${rate(median.ms)} median of ${repeats}`);
console.log(`forward alone:      ${rate(loss[0])} best`);
const share = (ms) => `${((100 * ms) / best.ms).toFixed(1).padStart(5)} %`;
console.log(`${share(best.products)} products, ${(best.flops / best.products / 1e6).toFixed(1)} GFLOP/s`);
console.log(`${share(best.ms - best.products)} attention, norms, activations, loss`);

/** The engine with a clock around its products. */
function timeProducts(inner) {
  let ms = 0;
  let flops = 0;
  const gemm = (...parameters) => {
    const start = performance.now();
    inner.gemm(...parameters);
    ms += performance.now() - start;
    flops += 2 * parameters[2] * parameters[3] * parameters[4];
  };
  return {
    engine: { ...inner, gemm },
    ms: () => ms,
    flops: () => flops,
    reset: () => {
      ms = 0;
      flops = 0;
    },
  };
}
