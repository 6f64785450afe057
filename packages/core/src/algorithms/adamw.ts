import type { Backend } from "../backend/backend.ts";
import type { LearningRate } from "../wrappers/schedule.ts";
import type { Algorithm } from "./algorithm.ts";
import { countFact, type Facts } from "./facts.ts";
import { checkOptions, namesOf, type OptionChecks, range } from "./option-checks.ts";
import type { StepInput, Stepper, StepTrace } from "./stepper.ts";
import { checkSquare } from "./steps/finite.ts";

/** AdamW (Loshchilov and Hutter 2019, algorithm 2). */
export interface AdamwOptions {
  readonly optimizer: "adamw";
  readonly lr: LearningRate;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  /** Decoupled: W ← (1 − lr · weightDecay) W. Default 0. */
  readonly weightDecay?: number;
}

export type AdamwSettings = Required<AdamwOptions>;

const CHECKS: OptionChecks<AdamwOptions> = {
  beta1: range(0, 1, "[)"),
  beta2: range(0, 1, "[)"),
  eps: range(0, Infinity, "()"),
  weightDecay: range(0, Infinity, "[)"),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
export function adamwSettings(options: AdamwOptions): AdamwSettings {
  checkOptions("adamw", options, CHECKS);
  return { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, ...options };
}

/** AdamW for parameters of any shape. State: 2 mn numbers. @see Loshchilov and Hutter, arXiv 1711.05101 (2019), algorithm 2. */
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
    const { beta1, beta2, eps, weightDecay } = this.settings;
    this.step++;
    this.backend.adamw(weight, gradient.matrix, this.state.first, this.state.second, {
      lr,
      beta1,
      beta2,
      eps,
      decay: weightDecay,
      correction1: 1 - beta1 ** this.step,
      correction2: 1 - beta2 ** this.step,
    });
    return {};
  }

  stateShapes(facts: Facts): Record<string, readonly [number, number]> {
    countFact(facts, "step");
    return { first: this.shape, second: this.shape };
  }

  facts(): Facts {
    return { step: this.step };
  }

  restore(facts: Facts): void {
    this.step = countFact(facts, "step");
  }
}

export const adamw: Algorithm<AdamwOptions, AdamwSettings> = {
  title: "AdamW",
  summary: "two moments of every element; 2mn numbers (arXiv 1711.05101)",
  needsMatrix: false,
  learningRate: 1e-3,
  fineTuningRate: 5e-5,
  options: namesOf(CHECKS),
  settings: adamwSettings,
  plan(rows, cols) {
    return { state: { first: [rows, cols], second: [rows, cols] }, scratchBytes: 0 };
  },
  create(backend, rows, cols, settings, _place, state) {
    return new Adamw(backend, rows, cols, settings, state);
  },
};
