#!/usr/bin/env node
import "@sumo/tfjs/fast-wasm";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { runContest, tuneRates } from "./contest.ts";
import { contestants } from "./contestants.ts";
import { createDataset } from "./dataset.ts";
import { readEncoderWeights } from "./encoder-weights.ts";
import { CATEGORIES, readGlosses } from "./glosses.ts";
import { parseOptions } from "./options.ts";
import { readPackagedModel } from "./packaged-model.ts";
import { showProgress } from "./progress.ts";
import { tableOf } from "./report.ts";
import { createTokenizer } from "./tokenizer.ts";

const options = parseOptions(process.argv.slice(2));
const { steps, batch, every, seeds, ranks, only, out } = options;
const screen = process.stdout;

// One thread gives the same bits in every run.
setThreadsCount(1);
await tf.setBackend("wasm");
const model = readPackagedModel();
const { train, tuning, validation } = createDataset(readGlosses(), createTokenizer(model.vocabulary), options);
const dataset = { train, validation: options.tune ? tuning : validation };
const setting = { pretrained: readEncoderWeights(model), dataset, steps, batch, every };
// A contest is held to AdamW's accuracy.
const needed = options.tune ? undefined : "AdamW";
const all = contestants(ranks).filter(({ label }) => label === needed || only === undefined || only.test(label));

screen.write(
  `${dataset.train.length} glosses to train on, ${dataset.validation.length} held out, ${CATEGORIES.length} categories\n`,
);
screen.write(
  `${steps} steps of ${batch}, ${options.tune ? "one seed for every learning rate" : `seeds 1 to ${seeds}`}\n`,
);
const trials = options.tune ? all.reduce((sum, { rates }) => sum + rates.length, 0) : all.length * seeds;
const progress = showProgress(screen, trials * steps);
const rows = options.tune ? tuneRates(all, setting, progress) : runContest(all, seeds, setting, progress);
progress.stop();
screen.write(`${tableOf(rows)}\n`);
// pnpm runs scripts in the repository's root; the path is relative to where the user stands.
if (out !== undefined) {
  const { only: _, out: __, ...settings } = options;
  const file = resolve(process.env["INIT_CWD"] ?? process.cwd(), out);
  writeFileSync(file, `${JSON.stringify({ settings, rows }, undefined, 2)}\n`);
}
