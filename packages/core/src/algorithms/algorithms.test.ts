import { describe, expect, test } from "vitest";
import { OptimizerOptionError } from "../errors.ts";
import { createOptimizer } from "../optimizer/optimizer.ts";
import { algorithms, type OptimizerName, type OptimizerOptions, settingsOf } from "./algorithms.ts";

const names = Object.keys(algorithms) as OptimizerName[];

describe.each(names)("the table's %s", (optimizer) => {
  const algorithm = algorithms[optimizer];

  test("steps with no option but its own rate", () => {
    const data = new Float32Array(12);
    const created = createOptimizer([{ name: "w", shape: [3, 4], data }], {
      optimizer,
      lr: algorithm.learningRate,
    } as OptimizerOptions);
    for (let step = 0; step < 2; step++)
      created.stepParameter(
        "w",
        Float32Array.from(data, (_, i) => i - 5),
      );
    expect(data.some((x) => x !== 0)).toBe(true);
  });

  test("lists the options that it takes, and takes no other", () => {
    const settings = settingsOf({ optimizer, lr: 0.1 } as OptimizerOptions);
    for (const option of Object.keys(settings)) {
      if (option === "optimizer" || option === "growthLimitOn") continue;
      expect(algorithm.options).toContain(option);
    }
    expect(() => settingsOf({ optimizer, lr: 0.1, nothing: 1 } as unknown as OptimizerOptions)).toThrow(
      OptimizerOptionError,
    );
  });

  test("falls back for vectors only if it needs a matrix", () => {
    const created = createOptimizer([{ name: "v", shape: [4], data: new Float32Array(4) }], {
      optimizer,
      lr: 0.1,
    } as OptimizerOptions);
    expect(created.report().parameters[0]!.optimizer).toBe(algorithm.needsMatrix ? "adamw" : optimizer);
  });
});

test.each(["adam", "toString", "__proto__", "", undefined, null])(
  "%s is refused with the names that there are",
  (optimizer) => {
    expect(() => settingsOf({ optimizer, lr: 0.1 } as unknown as OptimizerOptions)).toThrow(/"sumo"/);
  },
);
