// Measures a training step with SumoOptimizer beside one with tf.train.adam, in turn, on the six tasks that tfjs-examples can train on wasm.
// After `turbo run build`, on an idle machine: node bench/tfjs/steps.js [task …]. About a minute on one core.
import "@sumo/tfjs/fast-wasm";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { SumoOptimizer } from "@sumo/tfjs";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { compiled, tasks } from "./tasks.js";

const RESULTS = new URL("../results/tfjs-steps.json", import.meta.url);
const NAMES = ["iris", "boston-housing", "mnist-core", "lstm-text-generation", "addition-rnn", "fashion-mnist-vae"];
const BATCH = 32;
/** Time of a round of one optimizer, in ms; both take as many steps. */
const ROUND = 15;
const ROUNDS = 400;
const optimizers = { adam: (rate) => tf.train.adam(rate), sumo: (rate) => new SumoOptimizer(rate) };

setThreadsCount(1);
await tf.setBackend("wasm");

const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")).results : {};
for (const name of process.argv.length > 2 ? process.argv.slice(2) : NAMES) {
  const times = await measured(tasks[name]);
  results[name] = times;
  console.log(name, times, (times.sumo / times.adam).toFixed(2));
}
const sorted = Object.fromEntries(NAMES.flatMap((name) => (results[name] ? [[name, results[name]]] : [])));
const machine = `${cpus()[0].model}, Node ${process.versions.node}`;
writeFileSync(RESULTS, `${JSON.stringify({ machine, rounds: ROUNDS, results: sorted }, null, 2)}\n`);

/** Milliseconds a step of each optimizer, in its quickest round. */
async function measured(task) {
  const { x, y } = task.data();
  const [xs, ys] = [x, y].map((all) => tf.slice(all, 0, [BATCH, ...all.shape.slice(1)]));
  const contestants = Object.entries(optimizers).map(([label, create]) => {
    const model = compiled(task, create(task.rates[0]), 0);
    return { label, step: () => model.trainOnBatch(xs, ys), quickest: Infinity };
  });
  const time = async (step, count) => {
    const begin = performance.now();
    for (let i = 0; i < count; i++) await step();
    return (performance.now() - begin) / count;
  };
  for (const { step } of contestants) await time(step, 30);
  const steps = Math.max(1, Math.round(ROUND / (await time(contestants[0].step, 10))));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contestant of contestants) {
      contestant.quickest = Math.min(contestant.quickest, await time(contestant.step, steps));
    }
  }
  return Object.fromEntries(contestants.map(({ label, quickest }) => [label, Number(quickest.toPrecision(3))]));
}
