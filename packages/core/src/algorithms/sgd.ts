import type { Backend, BackendSizes } from "../backend/backend.ts";
import type { Schedule } from "../wrappers/schedule.ts";
import { FullMoment, fullMomentShapes } from "./full-moment.ts";
import { checkOptions, type OptionChecks, oneOf, range } from "./option-checks.ts";
import { finiteUpdate, type RulePlan, type StepInput, type StepTrace } from "./stepper.ts";
import { descend } from "./steps/descend.ts";

export interface SgdOptions {
  readonly optimizer: "sgd";
  readonly lr: number | Schedule;
  /** Default 0.9; 0 keeps no state. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
  /** Decoupled. Default 0. */
  readonly weightDecay?: number;
  /** Decay only the weights that the update shrinks as well. Default false. */
  readonly cautious?: boolean;
}

export type SgdSettings = Required<SgdOptions>;

const CHECKS: OptionChecks<SgdOptions> = {
  momentum: range(0, 1, "[)"),
  nesterov: oneOf(true, false),
  weightDecay: range(0, Infinity, "[)"),
  cautious: oneOf(true, false),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
export function sgdSettings(options: SgdOptions): SgdSettings {
  checkOptions("sgd", options, CHECKS);
  return { momentum: 0.9, nesterov: false, weightDecay: 0, cautious: false, ...options };
}

/** Stochastic gradient descent with momentum, for parameters of any shape. State: mn numbers. */
export class Sgd<T> extends FullMoment<T> {
  private readonly settings: SgdSettings;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: SgdSettings,
    state: Readonly<Record<string, T>>,
  ) {
    super(backend, [rows, cols], settings, state);
    this.settings = settings;
  }

  update({ weight, gradient, lr, scratch }: StepInput<T>): StepTrace {
    return scratch.scope(() => {
      const direction = scratch.matrix(...this.shape);
      this.direct(direction, gradient);
      const updateNorm = finiteUpdate(this.backend.norm(direction));
      descend(this.backend, weight, direction, lr, this.settings);
      this.keep(gradient);
      return { updateNorm };
    });
  }
}

/** What SGD takes for one parameter. */
export function planSgd(rows: number, cols: number, { momentum }: SgdSettings, sizes: BackendSizes): RulePlan {
  return { state: fullMomentShapes(rows, cols, momentum), scratchBytes: sizes.matrix(rows, cols) };
}
