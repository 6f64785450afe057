import { type CliOptions, contestantOptions, type TrainOptions } from "./options.ts";

/** One entrant of a comparison. */
export interface Contestant {
  /** What the table calls it. */
  readonly label: string;
  /** Differ between contestants in the optimizer and its learning rate alone. */
  readonly options: TrainOptions;
}

/** The optimizers that `--compare` names, each once, and the stateless control: what a state is worth shows against it. */
export function contestantsOf(cli: CliOptions): Contestant[] {
  const names = [...new Set(cli.compare)];
  const control = { ...contestantOptions(cli, "muon"), momentum: 0 };
  return [
    ...names.map((name) => ({ label: name, options: contestantOptions(cli, name) })),
    { label: "muon without momentum", options: control },
  ];
}

/** The contestant once for each learning rate of a sweep, or as it is. */
export function withRates({ label, options }: Contestant, sweep: readonly number[] | undefined): Contestant[] {
  return sweep === undefined ? [{ label, options }] : sweep.map((lr) => ({ label, options: { ...options, lr } }));
}

/** The contestant at one learning rate, once for each seed after the first of `count`. */
export function withMoreSeeds({ label, options }: Contestant, lr: number, count: number): Contestant[] {
  return Array.from({ length: count - 1 }, (_, i) => ({
    label,
    options: { ...options, lr, seed: options.seed + 1 + i },
  }));
}
