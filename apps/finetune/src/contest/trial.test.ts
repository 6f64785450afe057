import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { tinyDataset, tinyEncoder } from "../../test/tiny.ts";
import { trainingBatch } from "../dataset/dataset.ts";
import { CATEGORIES } from "../dataset/glosses.ts";
import { Classifier } from "./classifier.ts";
import { runContest, tuneRates } from "./contest.ts";
import { contestants } from "./contestants.ts";
import { tableOf } from "./report.ts";
import { runTrial } from "./trial.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const setting = { pretrained: tinyEncoder(), dataset: tinyDataset(), steps: 12, batch: 16, every: 4 };
const all = contestants([2]);
const silent = { step: () => {}, done: () => {}, stop: () => {} };

describe("a trial", () => {
  test.each(all.map((contestant) => [contestant.label, contestant] as const))(
    "of %s learns, and leaves nothing behind",
    (_, contestant) => {
      const { numTensors } = tf.memory();
      const losses: number[] = [];
      const trial = runTrial(contestant, 10 * contestant.rate, 1, setting, (__, loss) => losses.push(loss));
      expect(tf.memory().numTensors).toBe(numTensors);
      // The head starts at zero: every category is as likely.
      expect(losses[0]).toBeCloseTo(Math.log(CATEGORIES.length), 5);
      expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.3);
      expect(trial.curve.map(({ step }) => step)).toEqual([4, 8, 12]);
    },
  );

  test("gives the same numbers again", () => {
    const run = () => {
      const losses: number[] = [];
      runTrial(all[2]!, 1e-3, 3, setting, (_, loss) => losses.push(loss));
      return losses;
    };
    expect(run()).toEqual(run());
  });
});

test("LoRA starts as the pretrained encoder, and trains nothing but adapters and head", () => {
  const batch = trainingBatch(setting.dataset, 8, 1, 1);
  const make = (adaptation: ConstructorParameters<typeof Classifier>[2]) =>
    new Classifier(setting.pretrained, CATEGORIES.length, adaptation, 1);
  const [lora, probe, full] = [make({ kind: "lora", rank: 2 }), make({ kind: "probe" }), make({ kind: "full" })];
  for (const classifier of [lora, probe, full]) classifier.others.at(-2)!.assign(tf.ones([12, CATEGORIES.length]));
  expect(lora.logits(batch).dataSync()).toEqual(probe.logits(batch).dataSync());
  expect([probe, lora, full].map(({ matrices }) => matrices.length)).toEqual([0, 2 * 10, 10]);
  expect([probe, lora, full].map(({ others }) => others.length)).toEqual([2, 2, 2 + 18]);
  for (const classifier of [lora, probe, full]) classifier.dispose();
});

test("a contest holds all to AdamW, and a table shows them", () => {
  const rows = runContest(all.slice(0, 3), 2, setting, silent);
  expect(rows.map(({ label }) => label)).toEqual(["AdamW", "linear probe", "SUMO exact, rank 2"]);
  for (const { accuracies, mean, deviation } of rows) {
    expect(mean).toBeCloseTo((accuracies[0]! + accuracies[1]!) / 2, 12);
    expect(deviation).toBeCloseTo(Math.abs(accuracies[0]! - accuracies[1]!) / Math.SQRT2, 12);
  }
  expect(rows[0]!.stepsToTarget).toBeLessThanOrEqual(12);
  // Two moments of AdamW, against rank 2 of SUMO, for the ten matrices.
  const sizes = [...setting.pretrained].filter(([name]) => name.endsWith("kernel")).map(([, { shape }]) => shape);
  expect(rows[0]!.stateBytes).toBe(4 * 2 * sizes.reduce((sum, [m, n]) => sum + m! * n!, 0));
  expect(rows[2]!.stateBytes).toBe(4 * 2 * sizes.reduce((sum, [m, n]) => sum + m! + n!, 0));
  expect(tableOf(rows).split("\n")).toHaveLength(7);
});

test("tuning tries every rate", () => {
  const rows = tuneRates(all.slice(2, 3), { ...setting, steps: 2, every: 2 }, silent);
  expect(rows.map(({ rate }) => rate)).toEqual(all[2]!.rates);
});
