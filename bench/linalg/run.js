/**
 * Times this repository's linear algebra against other packages, side by side in one run: products, then factorizations.
 *
 * Usage, after `pnpm run build`: node bench/linalg/run.js [products|factorizations] [--only TEXT]
 * Needs Node 24, as two of the packages do, and Debian's python3-numpy and python3-scipy (another python3: PYTHON=path).
 * --only keeps the tasks whose dtype and name contain TEXT, and writes no results.
 * Writes results/linalg-products.{json,md} and results/linalg-factorizations.{json,md} beside this folder. Products are compared with
 * each other; for every factorization the residual and the orthogonality are reported.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureLimits } from "../../packages/linalg/bench/machine.js";
import { accuracy } from "./accuracy.js";
import { factorizations, operandsOf } from "./factorizations.js";
import { machineAndVersions } from "./machine.js";
import { checkProducts, operands, products } from "./products.js";
import { race } from "./race.js";
import { renderFactorizations } from "./render-factorizations.js";
import { renderProducts } from "./render-products.js";
import { productVerdicts, verdicts } from "./targets.js";

/** A contestant skips a factorization that would take longer, by its time for the one before, since calls cannot be interrupted. */
const CUT_OFF_MS = 3000;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: "string" } } });
const files = ["sumo", "numpy", "webr", "numpy-ts", "jax-js", "tfjs-wasm", "svd-js", "stdlib", "ml-matrix"];
const contestants = [];
for (const file of files) contestants.push(...(await (await import(`./contestants/${file}.js`)).load()));
const versions = Object.assign({}, ...contestants.map((contestant) => contestant.versions));

const groups = {
  products: { tasks: products, run: raceProduct, render: renderProducts },
  factorizations: { tasks: factorizations, run: raceFactorization, render: renderFactorizations },
};
/** Milliseconds of a contestant for a flop of a routine, at the last size that it did. */
const pace = new Map();
const limits = await measureLimits();
for (const name of positionals.length > 0 ? positionals : Object.keys(groups)) {
  const { tasks, run, render } = groups[name];
  const results = [];
  for (const task of tasks.filter(({ dtype, name }) => `${dtype} ${name}`.includes(values.only ?? ""))) {
    results.push(await run(task));
    print(results.at(-1));
  }
  if (values.only !== undefined) continue;
  const report = { ...machineAndVersions(versions), results };
  writeFileSync(
    new URL(`../results/linalg-${name}.json`, import.meta.url),
    `${JSON.stringify(report, undefined, 1)}\n`,
  );
  writeFileSync(new URL(`../results/linalg-${name}.md`, import.meta.url), render(report));
}
for (const contestant of contestants) contestant.dispose?.();

async function raceProduct(task) {
  const finished = await race(contestants, task, operands(task));
  checkProducts(task, finished);
  const peak = limits.gigaflops(task.dtype === "float32" ? 32 : 64);
  const result = { ...task, peak, contestants: finished.map(({ name, ms }) => ({ name, ms })) };
  return { ...result, targets: productVerdicts(result) };
}

async function raceFactorization(task) {
  const given = operandsOf(task);
  const key = ({ name }) => `${name}, ${task.routine}, ${task.dtype}`;
  const flops = task.m * task.n * Math.min(task.m, task.n);
  const isSlow = (contestant) => flops * (pace.get(key(contestant)) ?? 0) > CUT_OFF_MS;
  const [slow, able] = [true, false].map((is) => contestants.filter((contestant) => isSlow(contestant) === is));
  const finished = await race(able, task, given);
  for (const entry of finished) if (entry.ms !== undefined) pace.set(key(entry), entry.ms.least / flops);
  const judged = finished.map(({ result, ...entry }) =>
    result === undefined ? entry : { ...entry, ...accuracy(task, given, result) },
  );
  judged.push(...slow.map(({ name }) => ({ name, error: `not tried: would take over ${CUT_OFF_MS} ms` })));
  return { ...task, contestants: judged, targets: verdicts({ ...task, contestants: judged }) };
}

function print({ dtype, name, contestants }) {
  console.log(dtype, name);
  for (const { name, ms, error, residual, orthogonality } of contestants) {
    const score = residual === undefined ? "" : `, ${residual.toFixed(2)} and ${orthogonality.toFixed(2)} ulp`;
    console.log(`  ${name}: ${error ?? `${ms.median.toFixed(3)} ms, least ${ms.least.toFixed(3)}${score}`}`);
  }
}
