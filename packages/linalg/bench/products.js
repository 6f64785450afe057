/**
 * Measures the products of the default engine against what this machine can do at most in WebAssembly on one thread.
 *
 * Usage, after `pnpm run build`: node bench/products.js [square|skinny|tile] [--json]
 * Prints GFLOP/s and the percentage of the bound: the multiply-add peak, or the memory's speed where that is the smaller one.
 * `tile` shows what holds the products back: the speed of the tile's loop alone, and of the same loop with one load less.
 * Each is the quickest of repeats; bound and product take turns, so that a busy machine slows both. `--json` prints milliseconds without bounds.
 */
import { createWasmEngine } from "@sumo/linalg";
import { least, machine, measureLimits } from "./machine.js";

const TURNS = 5;
const json = process.argv.includes("--json");
const [wanted = ""] = process.argv.slice(2).filter((argument) => argument !== "--json");
const engine = createWasmEngine();
const limits = json ? undefined : await measureLimits();

const forms = [
  ["A B", false, false],
  ["A Bᵀ", false, true],
  ["Aᵀ B", true, false],
  ["Aᵀ Bᵀ", true, true],
];
const square = [64, 128, 256, 512, 1024].map((n) => [n, n, n]);
const N = 1024;
const skinny = [8, 16, 32, 64, 128].flatMap((r) => [
  [r, N, N],
  [N, r, N],
  [N, N, r],
]);

const results = [];
if (!json) {
  console.log(machine());
  if ("tile".includes(wanted)) reportTile();
}
for (const bits of [32, 64]) {
  if ("square".includes(wanted)) for (const sizes of square) report(bits, sizes);
  if ("skinny".includes(wanted)) for (const sizes of skinny) report(bits, sizes);
}
if (json) console.log(JSON.stringify({ results }));

function reportTile() {
  const fastest = { peak: 0, 6: 0, 5: 0 };
  for (let turn = 0; turn < TURNS; turn++) {
    fastest.peak = Math.max(fastest.peak, limits.gigaflops(32));
    for (const loads of [6, 5]) fastest[loads] = Math.max(fastest[loads], limits.tileGigaflops(loads));
  }
  const share = (loads) => `${fastest[loads].toFixed(1)} (${((100 * fastest[loads]) / fastest.peak).toFixed(0)} %)`;
  console.log(`peak ${fastest.peak.toFixed(1)}   tile with its 6 loads ${share(6)}   with 5 loads ${share(5)}`);
}

function report(bits, [m, n, k]) {
  const title = `float${bits} ${m} x ${n} x ${k}`;
  const row = forms.map(([name, transA, transB]) => {
    const { product, bound } = measure(bits, transA, transB, m, n, k);
    results.push({ name: `${title} ${name}`, least: product });
    return `${name} ${((2 * m * n * k) / product / 1e6).toFixed(1)} (${((100 * bound) / product).toFixed(0)} %)`;
  });
  if (!json) console.log(`${title}:  ${row.join("   ")}`);
}

/** Milliseconds of the quickest product, and of its bound. */
function measure(bits, transA, transB, m, n, k) {
  const [a, b, c] = [m * k, k * n, m * n].map((length) => engine.heap[`float${bits}`](length));
  a.fill(0.5);
  b.fill(0.25);
  const [lda, ldb] = [transA ? m : k, transB ? k : n];
  const product = () => engine.gemm(transA, transB, m, n, k, 1, a, 0, lda, b, 0, ldb, 0, c, 0, n);
  const fastest = { product: Number.POSITIVE_INFINITY, bound: Number.POSITIVE_INFINITY };
  for (let turn = 0; turn < TURNS; turn++) {
    if (!json) fastest.bound = Math.min(fastest.bound, boundMs(bits, m, n, k));
    fastest.product = Math.min(fastest.product, least(product));
  }
  for (const array of [a, b, c]) engine.heap.release(array);
  return fastest;
}

/** Milliseconds that a product takes at least: its arithmetic at the peak, or its operands through the memory. */
function boundMs(bits, m, n, k) {
  const arithmetic = (2 * m * n * k) / limits.gigaflops(bits) / 1e6;
  const bytes = (elements) => 64 * Math.ceil((elements * bits) / 512);
  const reading = bytes(m * k + k * n) / limits.gigabytes("read", bytes(Math.max(m * k, k * n))) / 1e6;
  const writing = bytes(m * n) / limits.gigabytes("write", bytes(m * n)) / 1e6;
  return Math.max(arithmetic, reading + writing);
}
