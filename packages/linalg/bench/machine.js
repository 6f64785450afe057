import { cpus } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { compileWasm } from "../../../scripts/compile-wasm.js";

const FLOPS_PER_ROUND = { 32: 12 * 4 * 2, 64: 12 * 2 * 2 };
const ROUNDS = 20_480;

/** What to say of a machine beside numbers measured on it. */
export const machine = () => `${cpus()[0].model}, Node ${process.versions.node}`;

/**
 * Measures what this machine can do at most in WebAssembly on one thread: `gigaflops(bits)` of multiply-adds, and `gigabytes(kind, bytes)`
 * a second of memory that is read or written again and again, `bytes` of it; `tileGigaflops(loads)` of the float32 tile's own loop with
 * its six loads a round, or with five.
 */
export async function measureLimits() {
  const source = relative(process.cwd(), fileURLToPath(new URL("assembly/limits.ts", import.meta.url)));
  const memory = new WebAssembly.Memory({ initial: 1024, maximum: 1024 });
  const { instance } = await WebAssembly.instantiate(await compileWasm(source), { env: { memory } });
  const kernels = instance.exports;
  const spin = (bits) => kernels[`multiplyAdd${bits}`](ROUNDS, 0.5, 0.25);
  return {
    gigaflops: (bits) => (FLOPS_PER_ROUND[bits] * ROUNDS) / least(() => spin(bits)) / 1e6,
    tileGigaflops: (loads) => (8 * 4 * 2 * ROUNDS) / least(() => kernels.tileLoop(ROUNDS, loads === 6)) / 1e6,
    gigabytes: (kind, bytes) => bytes / least(() => kernels[kind](0, bytes)) / 1e6,
  };
}

/** Milliseconds of the quickest of many calls in `budgetMs`. */
export function least(body, budgetMs = 40) {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + budgetMs;
  for (let calls = 0; calls < 3 || performance.now() < end; calls++) {
    const start = performance.now();
    body();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
