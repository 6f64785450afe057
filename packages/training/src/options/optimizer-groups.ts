import { constant, cosine, type Group, linear, type OptimizerOptions, type Schedule, wsd } from "@sumo/core";
import type { Parameter } from "@sumo/llama";
import { AUX_RATES, OPTIMIZERS } from "./optimizers.ts";
import type { TrainOptions } from "./train-options.ts";

/** Share of the steps in which `wsd` decays. */
const DECAY_SHARE = 0.2;

/** Peak learning rate of the hidden matrices: `lr`, or the optimizer's default for a new or a trained model. */
export function peakRate({ lr, optimizer, init }: Pick<TrainOptions, "lr" | "optimizer" | "init">): number {
  const { learningRate, fineTuningRate } = OPTIMIZERS[optimizer];
  return lr ?? (init === undefined ? learningRate : fineTuningRate);
}

/** Peak learning rate of all other parameters: `auxLr`, or AdamW's default for a new or a trained model. */
export function auxRate({ auxLr, init }: Pick<TrainOptions, "auxLr" | "init">): number {
  return auxLr ?? (init === undefined ? AUX_RATES.learning : AUX_RATES.fineTuning);
}

/** The parameters of a model that a run trains. */
export function trainedParameters<P extends Pick<Parameter, "kind">>(
  parameters: readonly P[],
  { train = "all" }: Pick<TrainOptions, "train">,
): readonly P[] {
  return train === "all" ? parameters : parameters.filter(({ kind }) => kind === "hidden");
}

/** Names of the hidden matrices: all of a model's matrices but the embedding and the head. */
export function hiddenNames(parameters: readonly Pick<Parameter, "name" | "kind">[]): ReadonlySet<string> {
  return new Set(parameters.filter(({ kind }) => kind === "hidden").map(({ name }) => name));
}

/**
 * Parameter groups of a run: the hidden matrices with the chosen optimizer, all other parameters with AdamW, both on the same schedule.
 *
 * @param hidden - {@link hiddenNames} of the model.
 */
export function optimizerGroups(options: TrainOptions, hidden: ReadonlySet<string>): Group[] {
  return [
    { ...matrixOptions(options, scheduled(options, peakRate(options))), match: ({ name }) => hidden.has(name) },
    { optimizer: "adamw", lr: scheduled(options, auxRate(options)), beta2: options.beta2 },
  ];
}

function matrixOptions(options: TrainOptions, lr: Schedule): OptimizerOptions {
  const { optimizer } = options;
  const given = OPTIMIZERS[optimizer].takes.filter((name) => options[name] !== undefined);
  return { optimizer, lr, ...Object.fromEntries(given.map((name) => [name, options[name]])) };
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
    case "wsd": {
      const decay = Math.max(1, Math.round(steps * DECAY_SHARE));
      return wsd({ ...course, decay, warmup: Math.min(warmup, steps - decay) });
    }
    default:
      return schedule satisfies never;
  }
}
