import type { Backend, BackendSizes, Scratch } from "../backend/backend.ts";
import { countFact, type Facts } from "./facts.ts";
import type { StepInput, Stepper, StepTrace } from "./stepper.ts";
import { packedWords, type StateBits } from "./steps/packed.ts";

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

  /** M of the last step: the state itself, or unpacked into scratch. Undefined without momentum. */
  protected load(scratch: Scratch<T>): T | undefined {
    const { backend, state, moment: settings } = this;
    const { moment } = state;
    if (moment === undefined || settings.stateBits === 32) return moment;
    const unpacked = scratch.matrix(...this.shape);
    backend.unpack!(unpacked, moment, settings.stateBits);
    return unpacked;
  }

  /** `out` ← the next moment, μ M + G, or μ (μ M + G) + G (Nesterov). Does not change the state. */
  protected direct(out: T, moment: T | undefined, gradient: T): void {
    const { backend } = this;
    const { momentum, nesterov } = this.moment;
    backend.axpby(out, 1, gradient, 0);
    if (moment === undefined) return;
    if (nesterov) backend.axpby(out, momentum, gradient, 1);
    backend.axpby(out, nesterov ? momentum * momentum : momentum, moment, 1);
  }

  /** Stores the next moment; `moment` is what {@link load} gave. Called when nothing can fail any more. */
  protected keep(moment: T | undefined, gradient: T): void {
    const { backend, state } = this;
    const { momentum, stateBits } = this.moment;
    this.step++;
    if (moment === undefined) return;
    backend.axpby(moment, 1, gradient, momentum);
    if (stateBits !== 32) backend.pack!(state["moment"]!, moment, stateBits);
  }

  stateShapes(facts: Facts): Record<string, readonly [number, number]> {
    countFact(facts, "step");
    return fullMomentShapes(...this.shape, this.moment, this.backend.sizes);
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
  readonly stateBits: StateBits;
}

/** Shapes of the state, for plans. @throws {OptimizerOptionError} if the backend cannot pack it. */
export function fullMomentShapes(
  rows: number,
  cols: number,
  { momentum, stateBits }: FullMomentSettings,
  sizes: BackendSizes,
): Record<string, readonly [number, number]> {
  if (momentum === 0) return {};
  return { moment: stateBits === 32 ? [rows, cols] : [1, packedWords(rows, cols, stateBits, sizes)] };
}

/** Bytes of scratch for an unpacked moment. */
export function unpackedBytes(
  rows: number,
  cols: number,
  { momentum, stateBits }: FullMomentSettings,
  sizes: BackendSizes,
): number {
  return momentum === 0 || stateBits === 32 ? 0 : sizes.matrix(rows, cols);
}
