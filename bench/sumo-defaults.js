// Which of SUMO's choices measure best, beside its rivals, each tuned with equal effort: the measurement behind the default preset.
// After `turbo run build`: node bench/sumo-defaults.js [contestant …]. About half a minute a run on one core.
//
// Moby Dick by bytes; a LLaMA of width 128, 2 layers, context 64; 400 steps of 16 x 64 tokens, cosine to a tenth; embeddings, norms and
// head always get AdamW at 3e-3. Every contestant tries three learning rates with the first seed and keeps the best for the others.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { cosine, createOptimizer, linalgBackend, plan } from "@sumo/core";
import { createWasmEngine, fillUniform } from "@sumo/linalg";
import { createLlama, llamaConfig, parameterShapes } from "@sumo/llama";
import { readText } from "@sumo/trainer/data";
import { createCorpus, createTokenizer } from "@sumo/trainer/training";

const RESULTS = new URL("results/sumo-defaults.json", import.meta.url);
const SEEDS = [0, 1, 2];
const STEPS = 400;
const BATCH = 16;
const config = llamaConfig({ vocabSize: 256, dim: 128, layers: 2, heads: 4, context: 64 });

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
  "SUMO, joint": { options: { ...sumo, residual: "joint" }, rates: sumoRates },
};

const corpus = createCorpus(readText("moby-dick").bytes, createTokenizer([]), config.context);
const hidden = parameterShapes(config).filter(({ kind }) => kind === "hidden");
const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")).results : {};

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(contestants)) {
  const { options, rates } = contestants[name];
  const swept = rates.map((lr) => ({ lr, loss: trial(options, lr, SEEDS[0]) }));
  const { lr, loss } = swept.reduce((best, one) => (one.loss < best.loss ? one : best));
  const losses = [loss, ...SEEDS.slice(1).map((seed) => trial(options, lr, seed))];
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

/** Trains one model and measures it on the held-out text. */
function trial(options, lr, seed) {
  const engine = createWasmEngine();
  const model = createLlama(config, { engine, seed });
  const pass = model.createPass(BATCH, config.context);
  const schedule = (peak) => cosine({ peak, warmup: 20, total: STEPS, final: 0.1 });
  const names = new Set(hidden.map(({ name }) => name));
  const optimizer = createOptimizer(
    model.parameters,
    [
      { ...options, ...(options.optimizer === "sumo" && { seed }), lr: schedule(lr), match: (p) => names.has(p.name) },
      { optimizer: "adamw", beta2: 0.99, lr: schedule(3e-3) },
    ],
    { backend: linalgBackend(engine) },
  );
  for (let step = 0; step < STEPS; step++) {
    const { tokens, targets } = windows(corpus.train, randomStarts(corpus.train, seed, step));
    pass.backward(tokens, targets, (name, gradient) => optimizer.stepParameter(name, gradient));
  }
  return validationLoss(pass);
}

/** Mean over the whole held-out text. */
function validationLoss(pass) {
  const text = corpus.validation;
  const rounds = Math.floor((text.length - 1) / (BATCH * config.context));
  const losses = Array.from({ length: rounds }, (_, round) => {
    const starts = Array.from({ length: BATCH }, (_, i) => (round * BATCH + i) * config.context);
    const { tokens, targets } = windows(text, starts);
    return pass.loss(tokens, targets);
  });
  return mean(losses);
}

function randomStarts(text, seed, step) {
  const places = new Float64Array(BATCH);
  fillUniform(places, [seed, 1, step]);
  return Array.from(places, (place) => Math.floor(place * (text.length - config.context)));
}

function windows(text, starts) {
  const cut = (shift) => starts.flatMap((at) => Array.from(text.subarray(at + shift, at + shift + config.context)));
  return { tokens: Int32Array.from(cut(0)), targets: Int32Array.from(cut(1)) };
}

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
