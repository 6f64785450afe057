import { algorithms, type OptimizerName } from "@sumo/core";
import type { TrainOptions } from "./train-options.ts";

/** An optimizer as the apps present it: an entry of core's table, with what command line and page add to it. */
export interface OptimizerEntry {
  /** Name in prose. */
  readonly title: string;
  /** Default peak learning rate of the hidden matrices. */
  readonly learningRate: number;
  /** The same for a run that starts from a trained model. */
  readonly fineTuningRate: number;
  /** The same for a model 64 wide with 2 layers. */
  readonly smallModelRate: number;
  /** Training options that it takes beside its learning rate. Checkpoints list them in this order. */
  readonly takes: readonly (keyof TrainOptions)[];
  /** Its line in charts. */
  readonly line: LineStyle;
}

/** Style of a line in charts. */
interface LineStyle {
  /** Dashes and gaps, so that lines differ without their colours too. */
  readonly dash: readonly number[];
  /** Colour on a light and on a dark page. Hexadecimal, because charts append an opacity. */
  readonly light: string;
  readonly dark: string;
}

/** Order of the optimizers in lists. Others of core's table come after these. */
const ORDER: readonly OptimizerName[] = ["sumo", "adamw", "muon", "galore", "soap", "sgd"];

/** Options of a run that are passed to the optimizer of its hidden matrices, if it has them. */
const HANDED_ON = ["weightDecay", "seed", "rank", "stateBits", "momentum", "residual", "equilibrate"] as const;

/**
 * Learning rates that measured best on a model 64 wide with 2 layers, on a grid of factors of two (400 steps, seed 0), where they differ
 * from the default. GaLore's and SOAP's are the highest that were tried.
 */
const SMALL_MODEL_RATES: Readonly<Partial<Record<OptimizerName, number>>> = {
  adamw: 1.5e-3,
  muon: 8e-3,
  galore: 1e-2,
  soap: 6e-3,
};

/** Default peak learning rates of AdamW for embeddings, norms and head: of a new model, and of a trained one. */
export const AUX_RATES = { learning: 3e-3, fineTuning: 1e-4 } as const;

/** Hues that colour-blind eyes tell apart (after Okabe and Ito), darkened or lightened until each has a contrast of 3 to 1 with the page. */
const LINES: readonly LineStyle[] = [
  { dash: [], light: "#0b6bb5", dark: "#6cb8f2" },
  { dash: [7, 4], light: "#c75a00", dark: "#f2a24a" },
  { dash: [2, 3], light: "#00835e", dark: "#3fcf9f" },
  { dash: [9, 3, 2, 3], light: "#a8447f", dark: "#e58fc2" },
  { dash: [14, 4], light: "#836a00", dark: "#d9c04f" },
  { dash: [3, 6], light: "#66707a", dark: "#9aa5af" },
];

/** Names of the optimizers that a run can use for its hidden matrices, in the order of lists. */
export const OPTIMIZER_NAMES: readonly OptimizerName[] = [
  ...new Set([...ORDER, ...(Object.keys(algorithms) as OptimizerName[])]),
];

/** The optimizers by name. */
export const OPTIMIZERS: Readonly<Record<OptimizerName, OptimizerEntry>> = Object.fromEntries(
  OPTIMIZER_NAMES.map((name, i) => [name, entryOf(name, i)]),
) as Record<OptimizerName, OptimizerEntry>;

function entryOf(name: OptimizerName, place: number): OptimizerEntry {
  const { title, learningRate, fineTuningRate, options } = algorithms[name];
  return {
    title,
    learningRate,
    fineTuningRate,
    smallModelRate: SMALL_MODEL_RATES[name] ?? learningRate,
    // `beta2` is AdamW's alone: other optimizers keep their own.
    takes: [...HANDED_ON.filter((option) => options.includes(option)), ...(name === "adamw" ? ["beta2" as const] : [])],
    line: LINES[place % LINES.length]!,
  };
}
