import type { OptimizerName } from "@sumo/core";
import { type TrainOptions, trainOptionsWith } from "@sumo/training";

/** A contestant of a comparison: an optimizer with its training options. */
export interface Contestant {
  /** Name in the table. */
  readonly label: string;
  /** Contestants differ in the optimizer and its learning rate alone. */
  readonly options: TrainOptions;
}

/** Contestants for the named optimizers, each once, and a stateless control, Muon without momentum: it shows what optimizer state is worth. */
export function contestantsOf(options: TrainOptions, optimizers: readonly OptimizerName[]): Contestant[] {
  const names = [...new Set(optimizers)];
  const control = { ...trainOptionsWith(options, "muon"), momentum: 0 };
  return [
    ...names.map((name) => ({ label: name, options: trainOptionsWith(options, name) })),
    { label: "muon without momentum", options: control },
  ];
}

/** Copies of a contestant, one a learning rate of the sweep; the contestant itself without a sweep. */
export function withRates({ label, options }: Contestant, sweep: readonly number[] | undefined): Contestant[] {
  return sweep === undefined ? [{ label, options }] : sweep.map((lr) => ({ label, options: { ...options, lr } }));
}

/** Copies of a contestant at one learning rate, one for each seed after the first of `count`. */
export function withMoreSeeds({ label, options }: Contestant, lr: number, count: number): Contestant[] {
  return Array.from({ length: count - 1 }, (_, i) => ({
    label,
    options: { ...options, lr, seed: options.seed + 1 + i },
  }));
}
