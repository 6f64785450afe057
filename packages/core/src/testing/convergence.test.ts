import { expect, test } from "vitest";
import { type ConvergenceRow, convergenceTasks, excessLeft } from "./convergence.ts";

const STEPS = 300;
const subspace = { rank: 2, refresh: { every: 10 } } as const;
/** Largest remaining fraction of the excess, in the order of the tasks. */
const GOALS = [1e-6, 5e-2, 1e-4, 1e-6, 1e-2];

/** One row an optimizer: the binary logarithm of the peak learning rate for each task, tuned over powers of two. */
const TABLE: readonly { row: ConvergenceRow; peaks: readonly number[]; goals?: readonly number[] }[] = [
  { row: { optimizer: "sgd" }, peaks: [-2, -8, 1, 3, 1] },
  { row: { optimizer: "adamw" }, peaks: [0, -1, 0, 0, -1] },
  { row: { optimizer: "adamw", stateBits: 8 }, peaks: [0, -1, 0, 0, -1] },
  { row: { optimizer: "muon" }, peaks: [-4, -3, -4, -4, -2] },
  { row: { optimizer: "muon", orthogonalize: "exact" }, peaks: [-4, -3, -4, -4, -2] },
  { row: { optimizer: "muon", orthogonalize: "polar-express" }, peaks: [-4, -3, -4, -4, -2] },
  { row: { optimizer: "muon", momentum: 0 }, peaks: [-5, 0, -4, -4, -3] },
  { row: { optimizer: "galore", rank: 2, refresh: { every: 10 } }, peaks: [1, 1, 1, 2, 2] },
  { row: { optimizer: "soap" }, peaks: [-4, -3, -1, -2, -1] },
  { row: { optimizer: "sumo", ...subspace }, peaks: [-5, -3, -5, -5, 1] },
  { row: { optimizer: "sumo", ...subspace, stateBits: 8 }, peaks: [-5, -3, -5, -5, 1] },
  { row: { optimizer: "sumo", ...subspace, residual: "off" }, peaks: [-4, -3, -4, -2, -4] },
  { row: { optimizer: "sumo", ...subspace, residual: "joint" }, peaks: [-5, -3, -4, -4, -4] },
  { row: { optimizer: "sumo", ...subspace, orthogonalize: "muon" }, peaks: [-6, -2, -5, -3, 1] },
  {
    row: { optimizer: "sumo", ...subspace, preset: "paper" },
    peaks: [-6, -8, -5, -6, 0],
    // The raw residual is a plain gradient step, whose learning rate the valley's steep walls bound.
    goals: [1e-6, 0.2, 1e-4, 1e-6, 1e-2],
  },
];

const cases = convergenceTasks().flatMap((task, i) =>
  TABLE.map(({ row, peaks, goals = GOALS }) => ({ task, row, peak: 2 ** peaks[i]!, goal: goals[i]! })),
);

test.each(cases.map((each) => [each.task.name, JSON.stringify(each.row), each] as const))("%s: %s", (_, __, each) => {
  expect(excessLeft(each.row, each.task, each.peak, STEPS)).toBeLessThanOrEqual(each.goal);
});
