#!/usr/bin/env node
import "@sumo/tfjs/fast-wasm";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { runContest, tuneRates } from "./contest/contest.ts";
import { contestants } from "./contest/contestants.ts";
import { showProgress } from "./contest/progress.ts";
import { tableOf } from "./contest/report.ts";
import { createDataset } from "./dataset/dataset.ts";
import { CATEGORIES, readGlosses } from "./dataset/glosses.ts";
import { readPackagedModel } from "./encoder/packaged-model.ts";
import { createTokenizer } from "./encoder/tokenizer.ts";
import { readEncoderWeights } from "./encoder/weights.ts";
import { parseOptions } from "./options.ts";

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
// AdamW's accuracy is the target of a contest.
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
// pnpm runs scripts in the repository's root; the path is relative to the user's working directory.
if (out !== undefined) {
  const { only: _, out: __, ...settings } = options;
  const file = resolve(process.env["INIT_CWD"] ?? process.cwd(), out);
  writeFileSync(file, `${JSON.stringify({ settings, rows }, undefined, 2)}\n`);
}
