// What a SUMO step of one layer costs, in units of the two products that it cannot avoid: Qᵀ G and Q O.
// After `turbo run build`: node packages/core/bench/step.js [rows cols rank]
import { createOptimizer, linalgBackend } from "@sumo/core";
import { createWasmEngine, fillNormal } from "@sumo/linalg";

const [rows, cols, rank] = process.argv.length > 4 ? process.argv.slice(2).map(Number) : [4096, 1024, 128];
const REPEATS = 7;

const engine = createWasmEngine();
const { heap } = engine;
const normal = (length, stream) => {
  const values = heap.float32(length);
  fillNormal(values, [0, stream, 0]);
  return values;
};
const gradients = [1, 2, 3].map((stream) => normal(rows * cols, stream));

/** Milliseconds of the fastest of several runs. */
function fastest(run) {
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    run(i);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** The two products, compressing the shorter side as SUMO does. */
function products() {
  const short = Math.min(rows, cols);
  const [basis, moment, out] = [
    normal(short * rank, 4),
    heap.float32(Math.max(rows, cols) * rank),
    heap.float32(rows * cols),
  ];
  const g = gradients[0];
  const time = fastest(() => {
    if (rows <= cols) {
      engine.gemm(true, false, rank, cols, rows, 1, basis, 0, rank, g, 0, cols, 0, moment, 0, cols);
      engine.gemm(false, false, rows, cols, rank, 1, basis, 0, rank, moment, 0, cols, 0, out, 0, cols);
    } else {
      engine.gemm(false, false, rows, rank, cols, 1, g, 0, cols, basis, 0, rank, 0, moment, 0, rank);
      engine.gemm(false, true, rows, cols, rank, 1, moment, 0, rank, basis, 0, rank, 0, out, 0, cols);
    }
  });
  for (const array of [basis, moment, out]) heap.release(array);
  return time;
}

/** Fastest step, and first step, which computes a subspace from random numbers. */
function step(options) {
  const data = heap.float32(rows * cols);
  const optimizer = createOptimizer(
    [{ name: "w", shape: [rows, cols], data }],
    { lr: 1e-3, ...options },
    { backend: linalgBackend(engine) },
  );
  const start = performance.now();
  optimizer.stepParameter("w", gradients[0]);
  const cold = performance.now() - start;
  const warm = fastest((i) => optimizer.stepParameter("w", gradients[i % gradients.length]));
  optimizer.dispose();
  heap.release(data);
  return { warm, cold };
}

const base = products();
console.log(
  `${rows} x ${cols}, rank ${rank}, ${engine.name}, Node ${process.version}: the two products take ${base.toFixed(1)} ms`,
);
const sumo = { optimizer: "sumo", rank };
const everyStep = { ...sumo, refresh: { every: 1 } };
for (const [name, options] of [
  ["sumo, default", sumo],
  ["sumo, residual off", { ...sumo, residual: "off" }],
  ["sumo, residual raw", { ...sumo, residual: "raw" }],
  ["sumo, NS5 in place of the exact factor", { ...sumo, orthogonalize: "muon" }],
  ["sumo, a warm refresh at every step", everyStep],
  ["galore", { optimizer: "galore", rank }],
  ["adamw", { optimizer: "adamw" }],
]) {
  const { warm, cold } = step(options);
  console.log(
    `${name.padEnd(40)} ${(warm / base).toFixed(2).padStart(6)} x   first step ${(cold / base).toFixed(1).padStart(6)} x`,
  );
}
