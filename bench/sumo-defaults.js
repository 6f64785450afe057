// Compares SUMO's options and its rivals, each tuned with equal effort; the default preset follows from the results.
// After `turbo run build`: node bench/sumo-defaults.js [contestant …]. About half a minute a run on one core.
//
// The task is moby-dick.js's, 16 x 64 tokens a step. Every contestant tries three learning rates with the first seed and uses the best for all seeds.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { plan } from "@sumo/core";
import { mobyDick } from "./moby-dick.js";

const RESULTS = new URL("results/sumo-defaults.json", import.meta.url);
const SEEDS = [0, 1, 2];
const STEPS = 400;
const { hidden, trainedLoss } = mobyDick({ steps: STEPS });

const sumo = { optimizer: "sumo", rank: 32, refresh: { every: 50 } };
const sumoRates = [1e-3, 2e-3, 4e-3];
const contestants = {
  AdamW: { options: { optimizer: "adamw" }, rates: [1e-3, 2e-3, 4e-3] },
  GaLore: { options: { optimizer: "galore", rank: 32, refresh: { every: 50 } }, rates: [2.5e-3, 5e-3, 1e-2] },
  Muon: { options: { optimizer: "muon" }, rates: [5e-3, 1e-2, 2e-2] },
  "Muon without momentum": { options: { optimizer: "muon", momentum: 0 }, rates: [8e-3, 1.6e-2, 3.2e-2] },
  "SUMO, paper": { options: { ...sumo, preset: "paper" }, rates: sumoRates },
  "SUMO, default": { options: sumo, rates: sumoRates },
  "SUMO, residual off": { options: { ...sumo, residual: "off" }, rates: sumoRates },
  "SUMO, no Nesterov": { options: { ...sumo, nesterov: false }, rates: sumoRates },
  "SUMO, long side": { options: { ...sumo, side: "long" }, rates: sumoRates },
  "SUMO, momentum 0.95": { options: { ...sumo, momentum: 0.95 }, rates: sumoRates },
  "SUMO, five Newton-Schulz steps": { options: { ...sumo, orthogonalize: "muon" }, rates: sumoRates },
  "SUMO, no growth limit": { options: { ...sumo, growthLimit: "off" }, rates: sumoRates },
  "SUMO, rank 8": { options: { ...sumo, rank: 8 }, rates: sumoRates },
  "SUMO, rank 16": { options: { ...sumo, rank: 16 }, rates: sumoRates },
  "SUMO, rank 64": { options: { ...sumo, rank: 64 }, rates: sumoRates },
  "SUMO, refresh every 10": { options: { ...sumo, refresh: { every: 10 } }, rates: sumoRates },
  "SUMO, refresh every 200": { options: { ...sumo, refresh: { every: 200 } }, rates: sumoRates },
  "SUMO, joint": { options: { ...sumo, residual: "joint" }, rates: sumoRates },
};

const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")).results : {};

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(contestants)) {
  const { options, rates } = contestants[name];
  const swept = rates.map((lr) => ({ lr, loss: trainedLoss(options, lr, SEEDS[0]) }));
  const { lr, loss } = swept.reduce((best, one) => (one.loss < best.loss ? one : best));
  const losses = [loss, ...SEEDS.slice(1).map((seed) => trainedLoss(options, lr, seed))];
  results[name] = {
    stateFloats: plan(hidden, { ...options, lr }).stateFloats,
    lr,
    losses: losses.map(rounded),
    mean: rounded(mean(losses)),
    deviation: rounded(deviation(losses)),
    swept: swept.map((one) => ({ lr: one.lr, loss: rounded(one.loss) })),
  };
  save();
  console.log(`${name}: ${results[name].mean} +- ${results[name].deviation} at ${lr}`);
}
console.log(`\n${table()}`);

function save() {
  mkdirSync(new URL(".", RESULTS), { recursive: true });
  const machine = `${cpus()[0].model}, Node ${process.versions.node}`;
  writeFileSync(RESULTS, `${JSON.stringify({ machine, seeds: SEEDS, steps: STEPS, results }, null, 2)}\n`);
}

function table() {
  const adamw = results["AdamW"];
  const rows = Object.entries(results)
    .sort(([, a], [, b]) => a.mean - b.mean)
    .map(([name, { stateFloats, mean, deviation, lr }]) => {
      const share = adamw ? `${((100 * stateFloats) / adamw.stateFloats).toFixed(1)} %` : "";
      return `| ${name} | ${stateFloats.toLocaleString("en")} | ${share} | ${mean.toFixed(3)} +- ${deviation.toFixed(3)} | ${lr} |`;
    });
  return [
    "| optimizer for the hidden matrices | state floats | of AdamW's | validation loss | lr |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values) {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

function rounded(value) {
  return Math.round(value * 1e4) / 1e4;
}
