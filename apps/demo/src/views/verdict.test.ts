import { expect, test } from "vitest";
import { History } from "../runs/history.ts";
import { describe } from "./verdict.ts";

/** A run with a validation loss at every tenth step. */
function entrant(optimizer: "sumo" | "adamw" | "muon", ...losses: readonly number[]) {
  const lines = losses.map((validation, i) => ({ step: 10 * i, seconds: i, validation }));
  const validation = losses.at(-1)!;
  const final = { validation, tokens: 8, natsPerByte: validation, perplexityPerByte: Math.exp(validation) };
  return { optimizer, history: new History([...lines, { step: 10 * (losses.length - 1), seconds: 9, final }]) };
}

test("names every closing loss, and when the others were where the slowest ended", () => {
  const runs = [entrant("sumo", 5, 3, 2.5, 2), entrant("adamw", 5, 4, 3, 2.6), entrant("muon", 5, 2.6, 2, 1.9)];
  expect(describe({ step: 30, runs, losses: new Map() }, "finished")).toBe(
    "Finished after 30 steps. Held-out loss: SUMO 2.000, AdamW 2.600, Muon 1.900. " +
      "Where AdamW ended: SUMO after 20 steps, Muon after 10 steps.",
  );
});

test("says nothing of those that came there only at their end", () => {
  const runs = [entrant("sumo", 5, 3, 2.5), entrant("adamw", 5, 4, 2.6)];
  expect(describe({ step: 20, runs, losses: new Map() }, "finished")).not.toContain("Where");
});

test("has nothing to compare where one ran alone", () => {
  expect(describe({ step: 10, runs: [entrant("sumo", 5, 3)], losses: new Map() }, "finished")).toBe(
    "Finished after 10 steps. Held-out loss: SUMO 3.000.",
  );
});

test("says whether the losses are those of the link, to the last bit", () => {
  const comparison = { step: 10, runs: [entrant("sumo", 5, 3)], losses: new Map([["sumo", 3]] as const) };
  const words = (loss: number): string => describe(comparison, "finished", new Map([["sumo", loss]]));
  expect(words(3)).toMatch(/SUMO 3\.000\. +As the link says, to the last bit\.$/);
  expect(words(3 + 2 ** -51)).toMatch(/The link says otherwise.*: SUMO 3\.000\.$/);
  expect(describe(comparison, "finished")).not.toContain("link");
  expect(describe({ ...comparison, losses: new Map() }, "finished", new Map([["sumo", 3]]))).not.toContain("link"); // extended runs
});
