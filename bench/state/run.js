/**
 * The map of state: loss over bytes of state and over seconds, for several numbers of tokens a step, at equal tokens.
 *
 * Usage: node bench/state/run.js [--widths 128] [--tokens 128,1024] [--contestants "Muon;SUMO"] [--seeds 0,1,2] [--minutes 20] [--seconds]
 * Makes the runs that bench/results/state.jsonl lacks, one at a time, and stops before a run that would begin after `--minutes`; the next call
 * goes on. `--seconds` measures the time of a step instead, better on an idle machine, and writes bench/results/state-seconds.json. `--minutes 0`
 * only renders. Always writes the map, bench/results/state.json, and its pictures, state-bytes.svg and state-seconds.svg. Needs a build.
 *
 * The task is moby-dick.js's, with the same text and the same tokens in all for every contestant; the loss is that of 24,576 held-out tokens.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { StepFailedError } from "@sumo/core";
import { CONTEXT, mobyDick } from "../moby-dick.js";
import { CONTESTANTS } from "./contestants.js";
import { render, tableOf } from "./render.js";
import { nextRun } from "./search.js";

/** Tokens of a run. */
const TOTAL = 204_800;
const HELD_OUT = 24_576;
/** Blocks of steps that are timed; the quickest counts. */
const ROUNDS = 3;

const here = (name) => new URL(`../results/${name}`, import.meta.url);
const numbers = (text) => text.split(",").map(Number);

const { values } = parseArgs({
  options: {
    widths: { type: "string", default: "128" },
    tokens: { type: "string", default: "128,1024" },
    contestants: { type: "string", default: Object.keys(CONTESTANTS).join(";") },
    seeds: { type: "string", default: "0,1,2" },
    minutes: { type: "string", default: "Infinity" },
    seconds: { type: "boolean", default: false },
  },
});
const names = values.contestants.split(";");
for (const name of names) {
  if (!(name in CONTESTANTS))
    throw new Error(`no contestant ${name}; there are ${Object.keys(CONTESTANTS).join("; ")}`);
}
const wanted = {
  widths: numbers(values.widths),
  tokens: numbers(values.tokens),
  contestants: names.map((name) => [name, CONTESTANTS[name].rate]),
  seeds: numbers(values.seeds),
};

if (values.seconds) measureSeconds();
else makeRuns(60_000 * Number(values.minutes));
renderAll();

function renderAll() {
  const files = render(readRows(), readSeconds(), {
    total: TOTAL,
    contestants: Object.keys(CONTESTANTS),
    stepsOf,
    optionsOf: (contestant, tokens) => CONTESTANTS[contestant].options(stepsOf(contestant, tokens)),
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(here(name), text);
  for (const panel of JSON.parse(files["state.json"]).panels) console.log(`\n${tableOf(panel)}`);
}

function makeRuns(milliseconds) {
  const begun = performance.now();
  for (let made = 0; performance.now() - begun < milliseconds; made++) {
    const run = nextRun(readRows(), wanted);
    if (run === undefined) return console.log("the map is complete");
    const from = performance.now();
    const row = { ...run, ...train(run) };
    appendFileSync(here("state.jsonl"), `${JSON.stringify(row)}\n`);
    const elapsed = (performance.now() - from) / 1000;
    const { width, tokens, contestant, lr, seed, loss } = row;
    const place = `width ${width}, ${tokens} tokens, ${contestant}, lr ${lr}, seed ${seed}`;
    console.log(`${made + 1}  ${place}: ${loss ?? "diverged"} in ${elapsed.toFixed(0)} s`);
  }
}

function readRows() {
  if (!existsSync(here("state.jsonl"))) return [];
  return readFileSync(here("state.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function taskOf({ width, tokens }, steps) {
  return mobyDick({ width, batch: tokens / CONTEXT, steps, heldOut: HELD_OUT });
}

function stepsOf(contestant, tokens) {
  return Math.round(((CONTESTANTS[contestant].share ?? 1) * TOTAL) / tokens);
}

/** The loss after training, `null` if the run diverged, and the bytes of state. */
function train({ width, tokens, contestant, lr, seed }) {
  const steps = stepsOf(contestant, tokens);
  const task = taskOf({ width, tokens }, steps);
  const options = CONTESTANTS[contestant].options(steps);
  return { loss: lossOf(task, options, lr, seed), stateBytes: task.stateBytes(options) };
}

function lossOf(task, options, lr, seed) {
  try {
    const loss = task.trainedLoss(options, lr, seed);
    return Number.isFinite(loss) ? Number(loss.toFixed(4)) : null;
  } catch (error) {
    if (error instanceof StepFailedError) return null;
    throw error;
  }
}

function readSeconds() {
  return existsSync(here("state-seconds.json"))
    ? JSON.parse(readFileSync(here("state-seconds.json"), "utf8"))
    : { rows: [] };
}

/** Measures every contestant's time of a step, and keeps it in place of an earlier one. Times of another machine are dropped. */
function measureSeconds() {
  const machine = `${cpus()[0].model.trim()}, one thread, Node ${process.versions.node}`;
  const earlier = readSeconds();
  const rows = earlier.machine === machine ? earlier.rows : [];
  for (const width of wanted.widths) {
    for (const tokens of wanted.tokens) rows.push(...stepTimes(width, tokens));
  }
  const latest = new Map(rows.map((row) => [`${row.width} ${row.tokens} ${row.contestant}`, row]));
  writeFileSync(here("state-seconds.json"), `${JSON.stringify({ machine, rows: [...latest.values()] }, null, 2)}\n`);
}

/**
 * Milliseconds of a step, of the processor, since other programs take turns on a shared machine: the quickest of several blocks, each as long
 * as the period of a refresh, interleaved.
 */
function stepTimes(width, tokens) {
  const steps = TOTAL / tokens;
  const task = taskOf({ width, tokens }, steps);
  const block = steps / 8;
  const runs = names.map((contestant) => {
    const { rate, options } = CONTESTANTS[contestant];
    return { contestant, step: task.start(options(steps), rate, 0).step, ms: Infinity };
  });
  for (const { step } of runs) step();
  for (let round = 0; round < ROUNDS; round++) {
    for (const run of runs) {
      const from = process.cpuUsage();
      for (let t = 0; t < block; t++) run.step();
      const { user, system } = process.cpuUsage(from);
      run.ms = Math.min(run.ms, (user + system) / 1000 / block);
    }
    console.log(`width ${width}, ${tokens} tokens: round ${round + 1} of ${ROUNDS}`);
  }
  const load = Number(loadavg()[0].toFixed(2));
  return runs.map(({ contestant, ms }) => ({ width, tokens, contestant, stepMs: Number(ms.toPrecision(4)), load }));
}
