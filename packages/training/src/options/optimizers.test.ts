import { algorithms } from "@sumo/core";
import { expect, test } from "vitest";
import { OPTIMIZER_NAMES, OPTIMIZERS } from "./optimizers.ts";

test("every optimizer of core's table is listed once, SUMO first", () => {
  expect([...OPTIMIZER_NAMES].sort()).toEqual(Object.keys(algorithms).sort());
  expect(OPTIMIZER_NAMES[0]).toBe("sumo");
});

test("an optimizer is handed no option that it would refuse", () => {
  for (const name of OPTIMIZER_NAMES) {
    for (const option of OPTIMIZERS[name].takes) expect(algorithms[name].options).toContain(option);
  }
  expect(OPTIMIZERS.galore.takes).toEqual(["weightDecay", "seed", "rank"]); // its own beta2 is not AdamW's
});

test("no two lines look alike, with colours and without", () => {
  for (const look of ["dash", "light", "dark"] as const) {
    const looks = OPTIMIZER_NAMES.map((name) => String(OPTIMIZERS[name].line[look]));
    expect(new Set(looks).size).toBe(looks.length);
  }
});
