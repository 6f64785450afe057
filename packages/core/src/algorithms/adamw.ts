import type { Backend, BackendSizes } from "../backend/backend.ts";
import type { LearningRate } from "../wrappers/schedule.ts";
import type { Algorithm } from "./algorithm.ts";
import { countFact, type Facts } from "./facts.ts";
import { checkOptions, namesOf, type OptionChecks, oneOf, range } from "./option-checks.ts";
import type { StepInput, Stepper, StepTrace } from "./stepper.ts";
import { checkSquare } from "./steps/finite.ts";
import { packedWords } from "./steps/packed.ts";

/** AdamW (Loshchilov and Hutter 2019, algorithm 2). */
export interface AdamwOptions {
  readonly optimizer: "adamw";
  readonly lr: LearningRate;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  /** Decoupled: W ← (1 − lr · weightDecay) W. Default 0. */
  readonly weightDecay?: number;
  /**
   * Bits of a number in the moments, with a scale for each block of 64; in 8 the second moment is kept as its square root. 8 needs a backend that packs.
   * Default 32.
   */
  readonly stateBits?: 32 | 8;
}

export type AdamwSettings = Required<AdamwOptions>;

const CHECKS: OptionChecks<AdamwOptions> = {
  beta1: range(0, 1, "[)"),
  beta2: range(0, 1, "[)"),
  eps: range(0, Infinity, "()"),
  weightDecay: range(0, Infinity, "[)"),
  stateBits: oneOf(32, 8),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
export function adamwSettings(options: AdamwOptions): AdamwSettings {
  checkOptions("adamw", options, CHECKS);
  return { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, stateBits: 32, ...options };
}

/** AdamW for parameters of any shape. State: 2 mn numbers, of 32 or 8 bits. @see Loshchilov and Hutter, arXiv 1711.05101 (2019), algorithm 2. */
class Adamw<T> implements Stepper<T> {
  step = 0;
  readonly state: { readonly first: T; readonly second: T };
  private readonly backend: Backend<T, never>;
  private readonly settings: AdamwSettings;
  private readonly shape: readonly [number, number];

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: AdamwSettings,
    state: Readonly<Record<string, T>>,
  ) {
    this.backend = backend;
    this.settings = settings;
    this.shape = [rows, cols];
    this.state = state as Adamw<T>["state"];
  }

  update({ weight, gradient, lr }: StepInput<T>): StepTrace {
    checkSquare(gradient.norm());
    const { backend, state } = this;
    const { beta1, beta2, eps, weightDecay, stateBits } = this.settings;
    this.step++;
    const update = {
      lr,
      beta1,
      beta2,
      eps,
      decay: weightDecay,
      correction1: 1 - beta1 ** this.step,
      correction2: 1 - beta2 ** this.step,
    };
    if (stateBits === 32) backend.adamw(weight, gradient.matrix, state.first, state.second, update);
    else backend.adamwPacked!(weight, gradient.matrix, state.first, state.second, update);
    return {};
  }

  stateShapes(facts: Facts): Record<string, readonly [number, number]> {
    countFact(facts, "step");
    return momentShapes(...this.shape, this.settings, this.backend.sizes);
  }

  facts(): Facts {
    return { step: this.step };
  }

  restore(facts: Facts): void {
    this.step = countFact(facts, "step");
  }
}

/** Shapes of the state. @throws {OptimizerOptionError} if the backend cannot pack it. */
function momentShapes(
  rows: number,
  cols: number,
  { stateBits }: AdamwSettings,
  sizes: BackendSizes,
): Record<"first" | "second", readonly [number, number]> {
  const shape = stateBits === 32 ? ([rows, cols] as const) : ([1, packedWords(rows, cols, stateBits, sizes)] as const);
  return { first: shape, second: shape };
}

export const adamw: Algorithm<AdamwOptions, AdamwSettings> = {
  title: "AdamW",
  summary: "two moments of every element; 2mn numbers (arXiv 1711.05101)",
  needsMatrix: false,
  learningRate: 1e-3,
  fineTuningRate: 5e-5,
  options: namesOf(CHECKS),
  settings: adamwSettings,
  plan(rows, cols, settings, sizes) {
    const note = settings.stateBits < 32 && { note: `${settings.stateBits}-bit state` };
    return { state: momentShapes(rows, cols, settings, sizes), scratchBytes: 0, ...note };
  },
  create(backend, rows, cols, settings, _place, state) {
    return new Adamw(backend, rows, cols, settings, state);
  },
};
