import type { Backend, BackendSizes } from "./backend.ts";
import { descend } from "./decay.ts";
import { FullMoment, fullMomentShapes } from "./full-moment.ts";
import { checkOptions, type OptionChecks, oneOf, range } from "./option-checks.ts";
import { type Facts, finiteUpdate, type RulePlan, type StepInput, type Stepper, type StepTrace } from "./rule.ts";
import type { Schedule } from "./schedule.ts";

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
export class Sgd<T> implements Stepper<T> {
  private readonly backend: Backend<T, never>;
  private readonly settings: SgdSettings;
  private readonly shape: readonly [number, number];
  private readonly moment: FullMoment<T>;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: SgdSettings,
    state: { readonly moment?: T },
  ) {
    this.backend = backend;
    this.settings = settings;
    this.shape = [rows, cols];
    this.moment = new FullMoment(backend, rows, cols, settings, state);
  }

  update({ weight, gradient, lr, scratch }: StepInput<T>): StepTrace {
    const { backend, settings, moment } = this;
    return scratch.scope(() => {
      const direction = scratch.matrix(...this.shape);
      moment.direct(direction, gradient);
      const updateNorm = finiteUpdate(backend.norm(direction));
      descend(backend, weight, direction, lr, settings);
      moment.keep(gradient);
      return { updateNorm };
    });
  }

  get step(): number {
    return this.moment.step;
  }

  get state(): Stepper<T>["state"] {
    return this.moment.state as Stepper<T>["state"];
  }

  stateShapes(facts: Facts): Record<string, readonly [number, number]> {
    return this.moment.stateShapes(facts);
  }

  facts(): Facts {
    return this.moment.facts();
  }

  restore(facts: Facts): void {
    this.moment.restore(facts);
  }
}

/** What SGD takes for one parameter. */
export function planSgd(rows: number, cols: number, { momentum }: SgdSettings, sizes: BackendSizes): RulePlan {
  return { state: fullMomentShapes(rows, cols, momentum), scratchBytes: sizes.matrix(rows, cols) };
}
