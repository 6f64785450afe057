import { expect, test } from "vitest";
import { choicesOf, type Experiment, SIZES, type SizeName, trainOptions } from "./experiment.ts";

test.each(Object.keys(SIZES) as SizeName[])("the form shows what a %s run was started with", (size) => {
  const experiment: Experiment = {
    size,
    entrants: [
      { optimizer: "adamw", lr: 0.002 },
      { optimizer: "galore", lr: 0.004 },
    ],
    rank: 5,
    steps: 77,
    seed: 3,
  };
  const runs = experiment.entrants.map((entrant) => trainOptions(experiment, entrant, "moby-dick"));
  expect(choicesOf(runs)).toEqual(experiment);
  expect(runs.map(({ rank }) => rank)).toEqual([undefined, 5]); // AdamW has no rank
});

test("a size that the form does not offer is left open", () => {
  const options = trainOptions({ size: "tiny", rank: 8, steps: 1, seed: 0 }, { optimizer: "sumo", lr: 1 }, "moby-dick");
  expect(choicesOf([{ ...options, dim: 48 }])).not.toHaveProperty("size");
});
