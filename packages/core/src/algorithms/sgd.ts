import type { Backend } from "../backend/backend.ts";
import type { LearningRate } from "../wrappers/schedule.ts";
import type { Algorithm } from "./algorithm.ts";
import { FullMoment, fullMomentShapes } from "./full-moment.ts";
import { checkOptions, namesOf, type OptionChecks, oneOf, range } from "./option-checks.ts";
import type { StepInput, StepTrace } from "./stepper.ts";
import { descend } from "./steps/descend.ts";
import { finiteUpdate } from "./steps/finite.ts";

/** Gradient descent, with or without momentum. */
export interface SgdOptions {
  readonly optimizer: "sgd";
  readonly lr: LearningRate;
  /** Default 0.9; 0 keeps no state. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
  /** Decoupled. Default 0. */
  readonly weightDecay?: number;
  /** Decay only weights that the update shrinks too. Default false. */
  readonly cautious?: boolean;
}

type SgdSettings = Required<SgdOptions>;

const CHECKS: OptionChecks<SgdOptions> = {
  momentum: range(0, 1, "[)"),
  nesterov: oneOf(true, false),
  weightDecay: range(0, Infinity, "[)"),
  cautious: oneOf(true, false),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
function sgdSettings(options: SgdOptions): SgdSettings {
  checkOptions("sgd", options, CHECKS);
  return { momentum: 0.9, nesterov: false, weightDecay: 0, cautious: false, ...options };
}

/** Stochastic gradient descent with momentum, for parameters of any shape. State: mn numbers. */
class Sgd<T> extends FullMoment<T> {
  private readonly settings: SgdSettings;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: SgdSettings,
    state: Readonly<Record<string, T>>,
  ) {
    super(backend, [rows, cols], { ...settings, stateBits: 32 }, state);
    this.settings = settings;
  }

  update({ weight, gradient, lr, scratch }: StepInput<T>): StepTrace {
    return scratch.scope(() => {
      const direction = scratch.matrix(...this.shape);
      const moment = this.load(scratch);
      this.direct(direction, moment, gradient.matrix);
      const updateNorm = finiteUpdate(this.backend.norm(direction));
      gradient.norm();
      descend(this.backend, weight, { kind: "whole", matrix: direction }, lr, this.settings);
      this.keep(moment, gradient.matrix);
      return { updateNorm };
    });
  }
}

export const sgd: Algorithm<SgdOptions, SgdSettings> = {
  title: "SGD",
  summary: "stochastic gradient descent with momentum; mn numbers, none without momentum",
  needsMatrix: false,
  learningRate: 0.1,
  fineTuningRate: 5e-4,
  options: namesOf(CHECKS),
  settings: sgdSettings,
  plan(rows, cols, settings, sizes) {
    return {
      state: fullMomentShapes(rows, cols, { ...settings, stateBits: 32 }, sizes),
      scratchBytes: sizes.matrix(rows, cols),
    };
  },
  create(backend, rows, cols, settings, _place, state) {
    return new Sgd(backend, rows, cols, settings, state);
  },
};
