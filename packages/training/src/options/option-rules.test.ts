import { expect, test } from "vitest";
import { trainOptions, trainOptionsWith } from "./option-rules.ts";
import type { TrainOptions } from "./train-options.ts";

const options = (changes: Partial<TrainOptions>): TrainOptions => changes as TrainOptions;

test("values that belong to another option are refused by their own optimizer, and left out beside others", () => {
  const four = options({ optimizer: "sumo", stateBits: 4 });
  expect(() => trainOptions(four)).toThrow("--state-bits 4 belongs to --optimizer muon");
  expect(trainOptionsWith(four, "sumo")).toEqual({ optimizer: "sumo" });
  expect(trainOptionsWith(four, "muon")).toEqual({ optimizer: "muon", stateBits: 4 });
  expect(trainOptionsWith(four, "adamw")).toEqual({ optimizer: "adamw" });

  const rows = options({ optimizer: "sumo", equilibrate: "rows" });
  expect(() => trainOptions(rows)).toThrow("--equilibrate rows belongs to --residual joint");
  expect(trainOptionsWith(rows, "sumo")).toEqual({ optimizer: "sumo" });
  expect(trainOptions({ ...rows, residual: "joint" })).toEqual({ ...rows, residual: "joint" });
  expect(trainOptionsWith(rows, "adamw")).toEqual({ optimizer: "adamw" });
});
