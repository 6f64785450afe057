import type { OptimizerName, OptimizerOptions } from "@sumo/core";
import type { TrainOptions } from "./train-options.ts";

type OptionsOf<Name extends OptimizerName> = Extract<OptimizerOptions, { readonly optimizer: Name }>;

/** An optimizer as the apps present it: its name in prose, its default learning rates, the options that it takes, its line in charts. */
export interface OptimizerEntry<Name extends OptimizerName = OptimizerName> {
  readonly label: string;
  /** Peak learning rate of the hidden matrices: the best of a small grid on the command line's default model, 128 wide. */
  readonly lr: number;
  /** The same on a model 64 wide with 2 layers: the best of a grid of factors of two (400 steps, seed 0). */
  readonly smallModelLr: number;
  /** Training options that the optimizer takes beside its learning rate. Checkpoints list them in this order. */
  readonly takes: readonly (keyof TrainOptions & keyof OptionsOf<Name>)[];
  /** Dashes and gaps of the line, so that lines differ without their colours too. */
  readonly dash: readonly number[];
  /**
   * Colour of the line on a light and on a dark page: hues that colour-blind eyes tell apart (after Okabe and Ito), darkened or lightened
   * until each has a contrast of 3 to 1 with the page. Hexadecimal, because charts append an opacity.
   */
  readonly colour: { readonly light: string; readonly dark: string };
}

/** Every optimizer that a run can use for its hidden matrices. The small model's rates of GaLore and SOAP are the highest that were tried. */
export const OPTIMIZERS: { readonly [Name in OptimizerName]: OptimizerEntry<Name> } = {
  sumo: {
    label: "SUMO",
    lr: 2e-3,
    smallModelLr: 2e-3,
    takes: ["weightDecay", "seed", "rank", "momentum", "residual"],
    dash: [],
    colour: { light: "#0b6bb5", dark: "#6cb8f2" },
  },
  adamw: {
    label: "AdamW",
    lr: 1e-3,
    smallModelLr: 1.5e-3,
    takes: ["weightDecay", "beta2"],
    dash: [7, 4],
    colour: { light: "#c75a00", dark: "#f2a24a" },
  },
  muon: {
    label: "Muon",
    lr: 1e-2,
    smallModelLr: 8e-3,
    takes: ["weightDecay", "momentum"],
    dash: [2, 3],
    colour: { light: "#00835e", dark: "#3fcf9f" },
  },
  galore: {
    label: "GaLore",
    lr: 5e-3,
    smallModelLr: 1e-2,
    takes: ["weightDecay", "seed", "rank"],
    dash: [9, 3, 2, 3],
    colour: { light: "#a8447f", dark: "#e58fc2" },
  },
  soap: {
    label: "SOAP",
    lr: 3e-3,
    smallModelLr: 6e-3,
    takes: ["weightDecay"],
    dash: [14, 4],
    colour: { light: "#836a00", dark: "#d9c04f" },
  },
  sgd: {
    label: "SGD",
    lr: 0.1,
    smallModelLr: 0.1,
    takes: ["weightDecay", "momentum"],
    dash: [3, 6],
    colour: { light: "#66707a", dark: "#9aa5af" },
  },
};

/** Names of the optimizers, in the order in which lists show them. */
export const OPTIMIZER_NAMES: readonly OptimizerName[] = Object.keys(OPTIMIZERS) as OptimizerName[];

/** Whether an optimizer takes a training option. */
export function takes(optimizer: OptimizerName, option: keyof TrainOptions): boolean {
  return (OPTIMIZERS[optimizer].takes as readonly string[]).includes(option);
}
