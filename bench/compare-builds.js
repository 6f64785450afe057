/**
 * Compares the speed of this checkout with that of another one, built, in one run: the scripts of packages/core/bench, packages/linalg/bench and
 * bench/training take turns on both builds.
 *
 * Usage: node bench/compare-builds.js CHECKOUT [step|factorizations|products|training ...] [--rounds 5]
 * Prints the quickest time of each row, and the median over the rounds of its ratio to CHECKOUT's: below 1 this checkout is faster. A machine that
 * is faster for a while is so in both builds of a round. Ends with the number of rows beyond 3 %.
 */
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const TOLERANCE = 0.03;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const SCRIPTS = {
  step: { file: here("../packages/core/bench/step.js") },
  factorizations: { file: here("../packages/linalg/bench/factorizations.js") },
  products: { file: here("../packages/linalg/bench/products.js") },
  training: { file: here("training/run.js"), parameters: ["--widths", "128,256", "--repeats", "20", "--no-pytorch"] },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "5" } },
});
const [checkout, ...wanted] = positionals;
if (checkout === undefined) throw new Error("Usage: node bench/compare-builds.js CHECKOUT [SCRIPT ...]");

const theirs = resolve(checkout);
const beyond = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(SCRIPTS)) {
  for (const [row, { least, ratio }] of compared(SCRIPTS[name])) {
    if (Math.abs(ratio - 1) > TOLERANCE) beyond.push(ratio);
    const cells = [name.padEnd(15), row.padEnd(48), `${least.toFixed(4)} ms`.padStart(14), ratio.toFixed(3)];
    console.log(cells.join(" "));
  }
}
const slower = beyond.filter((ratio) => ratio > 1).length;
console.log(`${slower} rows slower and ${beyond.length - slower} faster by more than 3 %`);

/** Of each row of a script: this checkout's least milliseconds, and the median of its ratios. */
function compared({ file, parameters = [] }) {
  const rows = new Map();
  for (let round = 0; round < Number(values.rounds); round++) {
    // The builds take turns in going first.
    const [first, second] = round % 2 === 0 ? [undefined, theirs] : [theirs, undefined];
    const times = new Map([first, second].map((root) => [root, new Map(run(file, parameters, root))]));
    for (const [name, own] of times.get(undefined)) {
      const row = rows.get(name) ?? { least: Infinity, ratios: [] };
      row.ratios.push(own / times.get(theirs).get(name));
      rows.set(name, { ...row, least: Math.min(row.least, own) });
    }
  }
  return Array.from(rows, ([name, { least, ratios }]) => [name, { least, ratio: median(ratios) }]);
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Names and least milliseconds of the rows of one run of a script; with `root`, on the packages of that checkout. */
function run(file, parameters, root) {
  const env =
    root === undefined
      ? process.env
      : { ...process.env, SUMO_CHECKOUT: root, NODE_OPTIONS: `--import=${here("other-build.js")}` };
  const output = execFileSync(process.execPath, [file, "--json", ...parameters], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(output).results.map(({ name, least }) => [name, least]);
}
