import {
  constant,
  cosine,
  type Group,
  linear,
  type OptimizerName,
  type OptimizerOptions,
  type Schedule,
  wsd,
} from "@sumo/core";
import type { TrainOptions } from "./options.ts";

/** Peak learning rates of the hidden matrices that measured best on small grids. */
const LEARNING_RATES: Readonly<Record<OptimizerName, number>> = {
  sumo: 2e-3,
  adamw: 1e-3,
  muon: 1e-2,
  galore: 5e-3,
  soap: 3e-3,
  sgd: 0.1,
};

/** The default learning rates, as the help shows them. */
export const learningRates: string = Object.entries(LEARNING_RATES)
  .map(([optimizer, rate]) => `${optimizer} ${rate}`)
  .join(", ");

/** Share of the steps in which `wsd` decays. */
const DECAY_SHARE = 0.2;

/** The peak learning rate of the hidden matrices: the one that was asked for, or the optimizer's default. */
export function peakRate({ lr, optimizer }: TrainOptions): number {
  return lr ?? LEARNING_RATES[optimizer];
}

/**
 * The hidden matrices with the optimizer that was chosen, everything else with AdamW, both over the same schedule.
 *
 * @param hidden - names of the hidden matrices.
 */
export function optimizerGroups(options: TrainOptions, hidden: ReadonlySet<string>): Group[] {
  const { auxLr, beta2 } = options;
  return [
    { ...matrixOptions(options, scheduled(options, peakRate(options))), match: ({ name }) => hidden.has(name) },
    { optimizer: "adamw", lr: scheduled(options, auxLr), beta2 },
  ];
}

function matrixOptions(options: TrainOptions, lr: Schedule): OptimizerOptions {
  const { rank, momentum, residual, weightDecay, beta2, seed } = options;
  const ranked = rank === undefined ? {} : { rank };
  const moving = momentum === undefined ? {} : { momentum };
  switch (options.optimizer) {
    case "sumo":
      return {
        optimizer: "sumo",
        lr,
        weightDecay,
        seed,
        ...ranked,
        ...moving,
        ...(residual !== undefined && { residual }),
      };
    case "adamw":
      return { optimizer: "adamw", lr, weightDecay, beta2 };
    case "muon":
      return { optimizer: "muon", lr, weightDecay, ...moving };
    case "galore":
      return { optimizer: "galore", lr, weightDecay, seed, ...ranked };
    case "soap":
      return { optimizer: "soap", lr, weightDecay };
    case "sgd":
      return { optimizer: "sgd", lr, weightDecay, ...moving };
    default:
      return options.optimizer satisfies never;
  }
}

function scheduled({ schedule, warmup, steps, finalLr }: TrainOptions, peak: number): Schedule {
  const course = { peak, warmup: Math.min(warmup, steps), total: steps, final: finalLr };
  switch (schedule) {
    case "constant":
      return constant(peak);
    case "cosine":
      return cosine(course);
    case "linear":
      return linear(course);
    case "wsd":
      return wsd({ ...course, decay: Math.max(1, Math.round(steps * DECAY_SHARE)) });
    default:
      return schedule satisfies never;
  }
}
