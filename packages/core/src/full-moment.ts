import type { Backend } from "./backend.ts";
import { countFact, type Facts } from "./rule.ts";

/** The full-size momentum of Muon and SGD: M ← μ M + G. With μ = 0 it does not exist, and the optimizer has no state at all. */
export class FullMoment<T> {
  step = 0;
  readonly state: { readonly moment?: T };
  private readonly backend: Backend<T, never>;
  private readonly shape: readonly [number, number];
  private readonly momentum: number;
  private readonly nesterov: boolean;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: FullMomentSettings,
    state: { readonly moment?: T },
  ) {
    this.backend = backend;
    this.shape = [rows, cols];
    this.momentum = settings.momentum;
    this.nesterov = settings.nesterov;
    this.state = state;
  }

  /** `out` ← the moment that this gradient makes: μ M + G, or μ (μ M + G) + G (Nesterov). Writes nothing else. */
  direct(out: T, gradient: T): void {
    const { backend, momentum, nesterov } = this;
    const { moment } = this.state;
    backend.axpby(out, 1, gradient, 0);
    if (moment === undefined) return;
    if (nesterov) backend.axpby(out, momentum, gradient, 1);
    backend.axpby(out, nesterov ? momentum * momentum : momentum, moment, 1);
  }

  /** Keeps the moment, after nothing can fail any more. */
  keep(gradient: T): void {
    if (this.state.moment !== undefined) this.backend.axpby(this.state.moment, 1, gradient, this.momentum);
    this.step++;
  }

  stateShapes(facts: Facts): Record<string, readonly [number, number]> {
    countFact(facts, "step");
    return fullMomentShapes(...this.shape, this.momentum);
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

/** The state's shapes, before there is a state. */
export function fullMomentShapes(
  rows: number,
  cols: number,
  momentum: number,
): Record<string, readonly [number, number]> {
  return momentum === 0 ? {} : { moment: [rows, cols] };
}
