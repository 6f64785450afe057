// What a SUMO step of one layer costs, in units of the two products that it cannot avoid: Qᵀ G and Q O.
// After `turbo run build`: node packages/core/bench/step.js [rows cols rank] [--json]
import { parseArgs } from "node:util";
import { createOptimizer, linalgBackend } from "@sumo/core";
import { createWasmEngine, fillNormal } from "@sumo/linalg";

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: "boolean" } } });
const [rows, cols, rank] = positionals.length > 2 ? positionals.map(Number) : [4096, 1024, 128];
const REPEATS = 9;

const engine = createWasmEngine();
const { heap } = engine;
const normal = (length, stream) => {
  const values = heap.float32(length);
  fillNormal(values, [0, stream, 0]);
  return values;
};
const gradients = [1, 2, 3].map((stream) => normal(rows * cols, stream));

const short = Math.min(rows, cols);
const [basis, moment, out] = [
  normal(short * rank, 4),
  heap.float32(Math.max(rows, cols) * rank),
  heap.float32(rows * cols),
];

/** The two products, compressing the shorter side as SUMO does. */
function products() {
  const g = gradients[0];
  if (rows <= cols) {
    engine.gemm(true, false, rank, cols, rows, 1, basis, 0, rank, g, 0, cols, 0, moment, 0, cols);
    engine.gemm(false, false, rows, cols, rank, 1, basis, 0, rank, moment, 0, cols, 0, out, 0, cols);
  } else {
    engine.gemm(false, false, rows, rank, cols, 1, g, 0, cols, basis, 0, rank, 0, moment, 0, rank);
    engine.gemm(false, true, rows, cols, rank, 1, moment, 0, rank, basis, 0, rank, 0, out, 0, cols);
  }
}

function timed(run) {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** The fastest of several steps, the first step, and the fastest of the two products that ran in between. */
function measure(options) {
  const data = heap.float32(rows * cols);
  const parameters = [{ name: "w", shape: [rows, cols], data }];
  const optimizer = createOptimizer(parameters, { lr: 1e-3, ...options }, { backend: linalgBackend(engine) });
  const step = (i) => timed(() => optimizer.stepParameter("w", gradients[i % gradients.length]));
  const cold = step(0);
  let [warm, base] = [Infinity, Infinity];
  for (let i = 1; i <= REPEATS; i++) {
    base = Math.min(base, timed(products));
    warm = Math.min(warm, step(i));
  }
  optimizer.dispose();
  heap.release(data);
  return { cold, warm, base };
}

const title = `${rows} x ${cols}, rank ${rank}, ${engine.name}, Node ${process.version}; in units of the two products`;
if (!values.json) console.log(title);
const results = [];
for (const [name, options] of [
  ["sumo, default", { optimizer: "sumo", rank }],
  ["sumo, residual off", { optimizer: "sumo", rank, residual: "off" }],
  ["sumo, residual raw", { optimizer: "sumo", rank, residual: "raw" }],
  ["sumo, NS5 in place of the exact factor", { optimizer: "sumo", rank, orthogonalize: "muon" }],
  ["sumo, a warm refresh at every step", { optimizer: "sumo", rank, refresh: { every: 1 } }],
  ["galore", { optimizer: "galore", rank }],
  ["adamw", { optimizer: "adamw" }],
]) {
  const { cold, warm, base } = measure(options);
  results.push({ name, least: warm });
  if (values.json) continue;
  const [step, first] = [(warm / base).toFixed(2).padStart(6), (cold / base).toFixed(1).padStart(6)];
  console.log(`${name.padEnd(40)} ${step} x   first step ${first} x   products ${base.toFixed(1)} ms`);
}
if (values.json) console.log(JSON.stringify({ results }));
