import type { Backend } from "../backend/backend.ts";
import { countFact, type Facts } from "./facts.ts";
import type { StepInput, Stepper, StepTrace } from "./stepper.ts";

/** Momentum of full size, M ← μ M + G, of Muon and SGD. With μ = 0 there is no moment, and no state. */
export abstract class FullMoment<T> implements Stepper<T> {
  step = 0;
  readonly state: Readonly<Record<string, T>>;
  protected readonly backend: Backend<T, never>;
  protected readonly shape: readonly [rows: number, cols: number];
  private readonly moment: FullMomentSettings;

  constructor(
    backend: Backend<T, never>,
    shape: readonly [rows: number, cols: number],
    moment: FullMomentSettings,
    state: Readonly<Record<string, T>>,
  ) {
    this.backend = backend;
    this.shape = shape;
    this.moment = moment;
    this.state = state;
  }

  abstract update(input: StepInput<T>): StepTrace;

  /** `out` ← the next moment, μ M + G, or μ (μ M + G) + G (Nesterov). Does not change the state. */
  protected direct(out: T, gradient: T): void {
    const { backend } = this;
    const { momentum, nesterov } = this.moment;
    const moment = this.state["moment"];
    backend.axpby(out, 1, gradient, 0);
    if (moment === undefined) return;
    if (nesterov) backend.axpby(out, momentum, gradient, 1);
    backend.axpby(out, nesterov ? momentum * momentum : momentum, moment, 1);
  }

  /** Stores the moment. Called when nothing can fail any more. */
  protected keep(gradient: T): void {
    const moment = this.state["moment"];
    if (moment !== undefined) this.backend.axpby(moment, 1, gradient, this.moment.momentum);
    this.step++;
  }

  stateShapes(facts: Facts): Record<string, readonly [number, number]> {
    countFact(facts, "step");
    return fullMomentShapes(...this.shape, this.moment.momentum);
  }

  facts(): Facts {
    return { step: this.step };
  }

  restore(facts: Facts): void {
    this.step = countFact(facts, "step");
  }
}

export interface FullMomentSettings {
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** Shapes of the state, for plans. */
export function fullMomentShapes(
  rows: number,
  cols: number,
  momentum: number,
): Record<string, readonly [number, number]> {
  return momentum === 0 ? {} : { moment: [rows, cols] };
}
