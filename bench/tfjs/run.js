// Compares SumoOptimizer with tf.train.adam at the same learning rates, on ten tasks after tfjs-examples, three seeds.
// After `turbo run build`: node bench/tfjs/run.js [task …]. About ten minutes on one core.
import "@sumo/tfjs/fast-wasm";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { SumoOptimizer } from "@sumo/tfjs";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { tasks, trained } from "./tasks.js";

const RESULTS = new URL("../results/tfjs.json", import.meta.url);
const SEEDS = [0, 1, 2];
const optimizers = { adam: (rate) => tf.train.adam(rate), sumo: (rate) => new SumoOptimizer(rate) };

setThreadsCount(1);
await tf.setBackend("wasm");

const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")).results : {};
for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(tasks)) {
  const rates = [];
  for (const rate of tasks[name].rates) {
    const losses = {};
    for (const [label, create] of Object.entries(optimizers)) {
      losses[label] = [];
      for (const seed of SEEDS) losses[label].push(rounded(await trained(tasks[name], create(rate), seed)));
    }
    rates.push({ rate, ...losses });
    console.log(name, rate, ...Object.entries(losses).map(([label, values]) => `${label} ${rounded(mean(values))}`));
  }
  results[name] = { loss: tasks[name].loss, rates };
  save();
}

function save() {
  const machine = `${cpus()[0].model}, Node ${process.versions.node}`;
  const sorted = Object.fromEntries(
    Object.keys(tasks).flatMap((name) => (results[name] ? [[name, results[name]]] : [])),
  );
  writeFileSync(RESULTS, `${JSON.stringify({ machine, seeds: SEEDS, results: sorted }, null, 2)}\n`);
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value) {
  return Number(value.toPrecision(4));
}
