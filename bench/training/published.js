/**
 * Measures fine-tuning and sampling of a model of SmolLM-135M's shape, ours and PyTorch's: tokens a second.
 *
 * Usage: node bench/training/published.js [--rounds 3] [--save]
 * Contestants take turns, with passes, steps and samples; steps are those between two refreshes of SUMO's subspaces. Needs a build and 14 GB of memory;
 * about ten minutes on two cores. What else is needed, and what is left out without it: see run.js. `--save` writes
 * bench/results/published-speed.json.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { rates, starters } from "./contestant.js";
import { PUBLISHED_TASK, SAMPLED } from "./task.js";

const RESULTS = new URL("../results/published-speed.json", import.meta.url);
const { batch, length, rank } = PUBLISHED_TASK;
const TOKENS = { pass: batch * length, step: batch * length, sample: SAMPLED };

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, save: { type: "boolean", default: false } },
});
const load = loadavg()[0];
const contestants = [];
for (const start of starters(PUBLISHED_TASK, { pytorch: true })) contestants.push(await start());
const times = contestants.map(() => ({ pass: [], step: [], sample: [] }));
for (const work of Object.keys(TOKENS)) {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [i, contestant] of contestants.entries()) times[i][work].push((await contestant.make(work)).ms);
    console.error(`${work}: round ${round + 1} of ${values.rounds}`);
  }
}
for (const contestant of contestants) contestant.stop();

const rows = contestants.map(({ name }, i) => {
  const [passRate, stepRate, sampleRate] = Object.entries(TOKENS).map(
    ([work, tokens]) => rates(times[i][work], tokens).best,
  );
  return { name, passRate, stepRate, sampleRate };
});
const cell = (rate) => rate.toFixed(1).padStart(8);
for (const { name, ...measured } of rows) console.log(name.padEnd(24), ...Object.values(measured).map(cell));
if (values.save) {
  const [{ model }, ...more] = cpus();
  const machine = `${model.trim()}, ${more.length + 1} cores, Node ${process.versions.node}, load average ${load.toFixed(1)}`;
  writeFileSync(
    RESULTS,
    `${JSON.stringify({ machine, rounds: Number(values.rounds), batch, length, rank, rows }, undefined, 2)}\n`,
  );
}
