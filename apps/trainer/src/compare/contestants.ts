import type { OptimizerName } from "@sumo/core";
import { OPTIMIZER_NAMES, type TrainOptions, trainOptionsWith } from "@sumo/training";

/** An optimizer, or LoRA by one. */
export type ContestantName = OptimizerName | `${typeof LORA}${OptimizerName}`;

const LORA = "lora:";

/** Names that a comparison takes. */
export const CONTESTANTS: readonly ContestantName[] = [
  ...OPTIMIZER_NAMES,
  ...OPTIMIZER_NAMES.map((name) => `${LORA}${name}` as const),
];

/** A contestant of a comparison: an optimizer with its training options. */
export interface Contestant {
  /** Name in the table. */
  readonly label: string;
  /** Contestants differ in the optimizer, its learning rate, and the method alone. */
  readonly options: TrainOptions;
}

/**
 * Contestants for the names, each once, and a stateless control, Muon without momentum: it shows what optimizer state is worth.
 *
 * @throws {UsageError} for LoRA of a new model, or of more than hidden matrices.
 */
export function contestantsOf(options: TrainOptions, contestants: readonly ContestantName[]): Contestant[] {
  const names = [...new Set(contestants)];
  const control = { ...trainOptionsWith(options, "muon"), momentum: 0 };
  return [
    ...names.map((name) => ({ label: name, options: optionsOf(options, name) })),
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

function optionsOf(options: TrainOptions, name: ContestantName): TrainOptions {
  if (!name.startsWith(LORA)) return trainOptionsWith(options, name as OptimizerName);
  return trainOptionsWith({ ...options, method: "lora" }, name.slice(LORA.length) as OptimizerName);
}
