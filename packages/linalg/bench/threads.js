/**
 * Measures how much faster products are on several threads than on one.
 *
 * Usage, after `pnpm run build`: node bench/threads.js [THREADS]
 * Prints milliseconds, the quickest of repeats in which the engines take turns, and their ratio.
 */
import { createThreadedEngine, createWasmEngine } from "@sumo/linalg";
import { least, machine } from "./machine.js";

const TURNS = 5;
const threads = Number(process.argv[2] ?? 2);
const many = createThreadedEngine({ threads });
const one = createWasmEngine(many.heap);
while (many.idleWorkers < threads - 1) await new Promise((resolve) => setTimeout(resolve, 1));

console.log(`${machine()}; ${threads} threads against one`);
for (const bits of [32, 64]) {
  for (const n of [64, 128, 256, 512, 1024]) {
    const [a, b, c] = [0, 1, 2].map(() => many.heap[`float${bits}`](n * n).fill(0.5));
    const ms = { one: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY };
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [name, engine] of Object.entries({ one, many })) {
        const product = () => engine.gemm(false, false, n, n, n, 1, a, 0, n, b, 0, n, 0, c, 0, n);
        ms[name] = Math.min(ms[name], least(product, 100));
      }
    }
    for (const array of [a, b, c]) many.heap.release(array);
    console.log(`float${bits} ${n}: ${ms.one.toFixed(3)} / ${ms.many.toFixed(3)} = ${(ms.one / ms.many).toFixed(2)}`);
  }
}
many.dispose();
