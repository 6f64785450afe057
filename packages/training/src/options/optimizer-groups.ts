import { constant, cosine, type Group, linear, type OptimizerOptions, type Schedule, wsd } from "@sumo/core";
import type { Parameter, ParameterShape, WeightType } from "@sumo/llama";
import { factorsOf, shapesOf } from "../lora/factors.ts";
import { blockShapes } from "../training/rounded-weights.ts";
import { AUX_RATES, OPTIMIZERS } from "./optimizers.ts";
import { TARGETS, type TrainOptions } from "./train-options.ts";

/** Share of the steps in which `wsd` decays. */
const DECAY_SHARE = 0.2;

/** Default rate of factors over that of the weights themselves: of 1, 3 and 10 the best for every optimizer in `fine-tuning.test.ts`. */
const FACTOR_RATE = 10;

/** Peak learning rate of the hidden matrices or their factors: `lr`, or the optimizer's default for a new or a trained model. */
export function peakRate({
  lr,
  optimizer,
  init,
  method,
}: Pick<TrainOptions, "lr" | "optimizer" | "init" | "method">): number {
  const { learningRate, fineTuningRate } = OPTIMIZERS[optimizer];
  const tuning = method === "lora" ? FACTOR_RATE * fineTuningRate : fineTuningRate;
  return lr ?? (init === undefined ? learningRate : tuning);
}

/** Peak learning rate of all other parameters: `auxLr`, or AdamW's default for a new or a trained model. */
export function auxRate({ auxLr, init }: Pick<TrainOptions, "auxLr" | "init">): number {
  return auxLr ?? (init === undefined ? AUX_RATES.learning : AUX_RATES.fineTuning);
}

/** Whether a run trains embeddings, norms and head too. */
export function trainsAll({ train, method }: Pick<TrainOptions, "train" | "method">): boolean {
  return (train ?? (method === "lora" ? "hidden" : "all")) === "all";
}

/** The parameters of a model that a run changes. The gradient of an embedding that is no head is zero but for the tokens of a batch. */
export function trainedParameters<P extends Pick<Parameter, "name" | "kind">>(
  parameters: readonly P[],
  options: Pick<TrainOptions, "train" | "method" | "targets">,
): readonly (P & { readonly sparse?: boolean })[] {
  if (trainsAll(options)) {
    const tied = !parameters.some(({ kind }) => kind === "head");
    return parameters.map((each) => (each.kind === "embedding" && !tied ? { ...each, sparse: true } : each));
  }
  const { targets = TARGETS } = options;
  return parameters.filter(({ name, kind }) => kind === "hidden" && targets.some((each) => name.includes(`.${each}.`)));
}

/** Type of the numbers in the model's matrices. */
export const weightType = ({ weights }: Pick<TrainOptions, "weights">): WeightType =>
  weights === "bf16" ? "bfloat16" : "float32";

/** The parameters that a run's optimizer holds: those that the run changes, blocks of those that are bfloat16, or factors. */
export function optimizedShapes(shapes: readonly ParameterShape[], options: TrainOptions): readonly ParameterShape[] {
  const trained = trainedParameters(shapes, options);
  if (weightType(options) === "bfloat16") return blockShapes(trained);
  return options.method === "lora" ? shapesOf(factorsOf(trained, options)) : trained;
}

/** Names of the hidden matrices: all of a model's matrices but the embedding and the head; or of the factors. */
export function hiddenNames(parameters: readonly Pick<Parameter, "name" | "kind">[]): ReadonlySet<string> {
  return new Set(parameters.filter(({ kind }) => kind === "hidden").map(({ name }) => name));
}

/**
 * Parameter groups of a run: the hidden matrices, or their factors, with the chosen optimizer, all other parameters with AdamW, both on the
 * same schedule.
 *
 * @param hidden - {@link hiddenNames} of {@link optimizedShapes}.
 */
export function optimizerGroups(options: TrainOptions, hidden: ReadonlySet<string>): Group[] {
  const { beta2, stateBits } = options;
  const others = stateBits && { stateBits: stateBits === 4 ? 8 : stateBits };
  return [
    { ...matrixOptions(options, scheduled(options, peakRate(options))), match: ({ name }) => hidden.has(name) },
    { optimizer: "adamw", lr: scheduled(options, auxRate(options)), beta2, ...others },
  ];
}

function matrixOptions(options: TrainOptions, lr: Schedule): OptimizerOptions {
  const { optimizer, method } = options;
  const ofMethod = (name: keyof TrainOptions): boolean => method === "lora" && name === "rank";
  const given = OPTIMIZERS[optimizer].takes.filter((name) => options[name] !== undefined && !ofMethod(name));
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
