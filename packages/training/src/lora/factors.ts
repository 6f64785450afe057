import type { ParameterShape } from "@sumo/llama";
import type { TrainOptions } from "../options/train-options.ts";

/** Rank of the factors without `--rank`. */
const DEFAULT_RANK = 8;
/** Scaling of their product without `--alpha`. */
const DEFAULT_SCALING = 2;

/** A factor of a weight's change, as a parameter of an optimizer. PEFT's names. */
export interface FactorShape extends ParameterShape {
  readonly shape: readonly [rows: number, cols: number];
}

/** Shapes of the factors of one weight: W = W₀ + scaling · B A, W [out, in], A [rank, in], B [out, rank]. */
export interface FactorPair {
  /** The weight's name. */
  readonly weight: string;
  readonly a: FactorShape;
  readonly b: FactorShape;
}

/** Rank of the factors; that of a weight is at most its shorter side. */
export const rankOf = ({ rank = DEFAULT_RANK }: Pick<TrainOptions, "rank">): number => rank;

/** Factor of the product of the factors: `alpha` over the rank. */
export function scalingOf(options: Pick<TrainOptions, "rank" | "alpha">): number {
  return options.alpha === undefined ? DEFAULT_SCALING : options.alpha / rankOf(options);
}

/** The factors of each of these weights, which are matrices. */
export function factorsOf(weights: readonly ParameterShape[], options: Pick<TrainOptions, "rank">): FactorPair[] {
  return weights.map(({ name, shape }) => {
    const [out, inputs] = shape as readonly [number, number];
    const rank = Math.min(rankOf(options), out, inputs);
    const module = name.replace(/\.weight$/, "");
    const factor = (letter: string, ...sides: [number, number]): FactorShape => ({
      name: `${module}.lora_${letter}.weight`,
      shape: sides,
      kind: "hidden",
    });
    return { weight: name, a: factor("A", rank, inputs), b: factor("B", out, rank) };
  });
}

/** Both factors of every pair, in order. */
export const shapesOf = (pairs: readonly FactorPair[]): readonly FactorShape[] => pairs.flatMap(({ a, b }) => [a, b]);

export const lengthOf = ({ shape: [rows, cols] }: FactorShape): number => rows * cols;

/** Length of the longest A, and of the longest B: scratch of a step has two of each. */
export function scratchLengths(pairs: readonly FactorPair[]): { readonly a: number; readonly b: number } {
  return { a: Math.max(...pairs.map(({ a }) => lengthOf(a))), b: Math.max(...pairs.map(({ b }) => lengthOf(b))) };
}
