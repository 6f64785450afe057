import type { Contestant } from "./contestants.ts";
import type { Trial } from "./trial.ts";

/** Result of one contestant. */
export interface Row {
  readonly label: string;
  readonly rate: number;
  /** Mean and standard deviation of the final accuracy over seeds. */
  readonly mean: number;
  readonly deviation: number | undefined;
  /** Steps until the mean accuracy reached the target; `undefined` if it did not. */
  readonly stepsToTarget: number | undefined;
  readonly stateBytes: number;
  readonly secondsPerStep: number;
  /** Mean accuracy by step. */
  readonly curve: Trial["curve"];
  /** Final accuracy for each seed. */
  readonly accuracies: readonly number[];
}

/** Summarizes one contestant's trials, one a seed, against a target accuracy. */
export function summarize({ label }: Contestant, rate: number, trials: readonly Trial[], target: number): Row {
  const curve = meanCurve(trials);
  const accuracies = trials.map((trial) => trial.curve.at(-1)!.accuracy);
  const mean = average(accuracies);
  const squares = accuracies.reduce((sum, accuracy) => sum + (accuracy - mean) ** 2, 0);
  const lastStep = curve.at(-1)!.step;
  return {
    label,
    rate,
    mean,
    deviation: trials.length > 1 ? Math.sqrt(squares / (trials.length - 1)) : undefined,
    stepsToTarget: curve.find(({ accuracy }) => accuracy >= target)?.step,
    stateBytes: trials[0]!.stateBytes,
    secondsPerStep: average(trials.map(({ seconds }) => seconds)) / lastStep,
    curve,
    accuracies,
  };
}

/** Mean accuracy over seeds at every measured step. */
export function meanCurve(trials: readonly Trial[]): Trial["curve"] {
  return trials[0]!.curve.map(({ step }, i) => ({
    step,
    accuracy: average(trials.map(({ curve }) => curve[i]!.accuracy)),
  }));
}

const average = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
