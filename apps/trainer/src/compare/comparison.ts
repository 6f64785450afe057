import type { Trial } from "./trial.ts";

/** Row of a comparison: a contestant at its best learning rate, over all seeds. */
export interface Row {
  readonly label: string;
  readonly lr: number;
  readonly seeds: number;
  /** Mean of the final losses in nats per byte, and their sample standard deviation; `undefined` for one seed. */
  readonly loss: number;
  readonly deviation: number | undefined;
  /** Mean steps and seconds of training until the target; `undefined` if a seed did not reach it. */
  readonly steps: number | undefined;
  readonly seconds: number | undefined;
  readonly hiddenState: number;
  readonly state: number;
  /** Median speed over all steps. */
  readonly tokensPerSecond: number;
}

/** Comparison of contestants by final loss, and by steps and seconds to a common loss. */
export interface Comparison {
  readonly rows: readonly Row[];
  /** Validation loss, in nats per token, to which all are timed: the highest that a trial ends with. */
  readonly target: number;
}

/**
 * Compares contestants at their best learning rates. Diverged trials do not count for the target.
 *
 * @param trials - all seeds of the rate that was chosen for each contestant.
 */
export function compareTrials(trials: readonly Trial[]): Comparison {
  const groups = groupByLabel(trials);
  const target = Math.max(...trials.map(endOf).filter(Number.isFinite));
  return { target, rows: groups.map((group) => rowOf(group, target)) };
}

/** The trial of lowest loss for each label, among trials with the same seed. */
export function bestTrials(trials: readonly Trial[]): Trial[] {
  return groupByLabel(trials).map((group) => group.reduce((best, trial) => (trial.loss < best.loss ? trial : best)));
}

function rowOf(trials: readonly Trial[], target: number): Row {
  const { label, lr, hiddenState, state } = trials[0]!;
  const losses = trials.map(({ loss }) => loss);
  const reached = trials.map((trial) => reach(trial, target));
  const all = (key: "step" | "seconds"): number | undefined =>
    reached.every((point) => point !== undefined) ? mean(reached.map((point) => point[key])) : undefined;
  const speeds = trials.flatMap(({ lines }) => lines.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? []));
  return {
    label,
    lr,
    seeds: trials.length,
    loss: mean(losses),
    deviation: deviation(losses),
    steps: all("step"),
    seconds: all("seconds"),
    hiddenState,
    state,
    tokensPerSecond: median(speeds),
  };
}

/** Step and second at which a trial's validation loss first reaches the target, interpolated linearly. */
function reach({ lines }: Trial, target: number): { readonly step: number; readonly seconds: number } | undefined {
  let before: { step: number; seconds: number; validation: number } | undefined;
  for (const { step, seconds, validation } of lines) {
    if (validation === undefined) continue;
    if (validation <= target) {
      if (before === undefined) return { step, seconds };
      const share = (before.validation - target) / (before.validation - validation);
      return { step: between(before.step, step, share), seconds: between(before.seconds, seconds, share) };
    }
    before = { step, seconds, validation };
  }
  return undefined;
}

/** The last validation loss during training; infinite if the trial diverged. */
function endOf({ lines, loss }: Trial): number {
  return Number.isFinite(loss) ? lines.findLast(({ validation }) => validation !== undefined)!.validation! : loss;
}

function groupByLabel(trials: readonly Trial[]): Trial[][] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) groups.set(trial.label, [...(groups.get(trial.label) ?? []), trial]);
  return [...groups.values()];
}

const between = (from: number, to: number, share: number): number => from + share * (to - from);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? 0 : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
