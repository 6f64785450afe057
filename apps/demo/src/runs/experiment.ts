import type { OptimizerName } from "@sumo/core";
import { type LlamaConfig, llamaConfig } from "@sumo/llama";
import { BYTES, OPTIMIZERS, peakRate, type TrainOptions } from "@sumo/training";

/** Choices of the form: model size, optimizers, rank, steps and seed. */
export interface Experiment {
  readonly size: SizeName;
  readonly entrants: readonly Entrant[];
  readonly rank: number;
  readonly steps: number;
  readonly seed: number;
}

/** An optimizer of an experiment, and its learning rate for the hidden matrices. */
export interface Entrant {
  readonly optimizer: OptimizerName;
  readonly lr: number;
}

interface Size {
  readonly label: string;
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly context: number;
}

/** Model sizes, which train within seconds, a minute, and some minutes. The largest is the command line's default. */
export const SIZES = {
  tiny: { label: "Tiny: 2 layers × 32", dim: 32, layers: 2, heads: 2, context: 64 },
  small: { label: "Small: 2 layers × 64", dim: 64, layers: 2, heads: 4, context: 64 },
  medium: { label: "Medium: 4 layers × 128", dim: 128, layers: 4, heads: 4, context: 128 },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;
const SIZE_NAMES = Object.keys(SIZES) as readonly SizeName[];

export const DEFAULTS: Omit<Experiment, "entrants" | "rank"> = { size: "small", steps: 400, seed: 0 };

/** Optimizers that are preselected. */
export const FIRST_ENTRANTS: readonly OptimizerName[] = ["sumo", "adamw"];

/** Default rank of a subspace: a quarter of the width, as in core. */
export function usualRank(size: SizeName): number {
  return SIZES[size].dim / 4;
}

/** Configuration of the model of a size. */
export function modelConfig(size: SizeName): LlamaConfig {
  const { dim, layers, heads, context } = SIZES[size];
  return llamaConfig({ vocabSize: BYTES, dim, layers, heads, context });
}

/** Training options of one entrant's run. @param data - source of the text. */
export function trainOptions(
  { size, rank, steps, seed }: Omit<Experiment, "entrants">,
  { optimizer, lr }: Entrant,
  data: string,
): TrainOptions {
  const { dim, layers, heads, context } = SIZES[size];
  return {
    data,
    vocab: BYTES,
    dim,
    layers,
    heads,
    context,
    optimizer,
    lr,
    ...(OPTIMIZERS[optimizer].takes.includes("rank") && { rank }),
    auxLr: 3e-3,
    beta2: 0.99,
    weightDecay: 0,
    schedule: "cosine",
    warmup: 20,
    finalLr: 0.1,
    steps,
    batch: 8,
    accumulate: 1,
    seed,
    evalEvery: 20,
    evalTokens: 4096,
    finalTokens: 32768,
    checkpointEvery: 100,
  };
}

/** Choices of the form that give these runs; inverse of {@link trainOptions}. Values that the form lacks, e.g. another size, are absent. */
export function choicesOf(runs: readonly TrainOptions[]): Partial<Experiment> {
  const { dim, layers, heads, context, steps, seed } = runs[0]!;
  const size = SIZE_NAMES.find((name) => {
    const each = SIZES[name];
    return each.dim === dim && each.layers === layers && each.heads === heads && each.context === context;
  });
  const rank = runs.find((options) => options.rank !== undefined)?.rank;
  return {
    entrants: runs.map((options) => ({ optimizer: options.optimizer, lr: peakRate(options) })),
    steps,
    seed,
    ...(size !== undefined && { size }),
    ...(rank !== undefined && { rank }),
  };
}
