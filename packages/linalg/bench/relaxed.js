/**
 * Races products in relaxed SIMD against the default engine's, in turns. Needs Node 22 or newer.
 *
 * Usage, after `pnpm run build`: node bench/relaxed.js
 * Prints GFLOP/s, each the quickest of repeats.
 */
import { createWasmEngine, Heap } from "@sumo/linalg";
import { createRelaxedEngine } from "@sumo/linalg/relaxed";
import { least, machine } from "./machine.js";

const TURNS = 8;
const heap = new Heap();
const engines = [createWasmEngine(heap), createRelaxedEngine(heap)];

console.log(machine());
for (const bits of [32, 64]) {
  for (const n of [256, 512]) report(bits, n, n, n);
  report(bits, 32, 1024, 1024);
}

function report(bits, m, n, k) {
  const [a, b, c] = [m * k, k * n, m * n].map((length) => heap[`float${bits}`](length).fill(0.5));
  const quickest = engines.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < TURNS; turn++) {
    engines.forEach((engine, i) => {
      const product = () => engine.gemm(false, false, m, n, k, 1, a, 0, k, b, 0, n, 0, c, 0, n);
      quickest[i] = Math.min(quickest[i], least(product));
    });
  }
  for (const array of [a, b, c]) heap.release(array);
  const row = engines.map(({ name }, i) => `${name} ${((2 * m * n * k) / quickest[i] / 1e6).toFixed(1)}`);
  console.log(`float${bits} ${m} x ${n} x ${k}:  ${row.join("   ")}`);
}
