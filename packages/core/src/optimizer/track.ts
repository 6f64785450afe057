import { finiteUpdate, type Stepper, type StepTrace } from "../algorithms/stepper.ts";
import { conditionOf, stableRankOf } from "../algorithms/steps/telemetry.ts";
import type { Backend, Scratch } from "../backend/backend.ts";
import { StepFailedError } from "../errors.ts";
import { Accumulator } from "./accumulator.ts";
import { type Counters, noCounts } from "./counters.ts";
import type { Listeners } from "./events.ts";
import type { Assignment } from "./groups.ts";
import type { Part } from "./parameter.ts";

/** One matrix of a parameter: all of it, or a part of a split one. */
export interface TrackedPart<T> extends Part {
  readonly weight: T;
  readonly stepper: Stepper<T>;
}

/** A gradient that was checked: finite, of the right size. */
export interface CheckedGradient<T> {
  readonly gradient: T;
  readonly norm: number;
}

/** Steps one part; what the gradient's norm was, where it is known. */
type StepPart<T> = (
  part: TrackedPart<T>,
  index: number,
  context: { readonly lr: number; readonly watched: boolean },
) => { readonly trace: StepTrace; readonly gradientNorm?: number };

/** One parameter on its way: its weights, its state, and what happened to it. */
export class Track<T> {
  readonly assignment: Assignment;
  readonly parts: readonly TrackedPart<T>[];
  readonly counters: Counters = noCounts();
  /** Of the last step, for reports. */
  captured: number | undefined;
  updateRms: number | undefined;
  private stale = false;
  /** Made by the first micro-batch. */
  private accumulator: Accumulator<T> | undefined;
  private readonly backend: Backend<T, never>;

  constructor(backend: Backend<T, never>, assignment: Assignment, parts: readonly TrackedPart<T>[]) {
    this.backend = backend;
    this.assignment = assignment;
    this.parts = parts;
  }

  get name(): string {
    return this.assignment.parameter.name;
  }

  /** Steps taken. */
  get step(): number {
    return this.parts[0]!.stepper.step;
  }

  get lr(): number {
    const { lr } = this.assignment.settings;
    return typeof lr === "number" ? lr : lr(this.step);
  }

  /** Takes one step with a checked gradient. @throws {StepFailedError} */
  update({ gradient, norm }: CheckedGradient<T>, scratch: Scratch<T>, listeners: Listeners): void {
    const gradients = this.split(gradient);
    this.stepParts(listeners, ({ stepper, weight }, i, context) => {
      const gradientNorm = gradients.length === 1 ? norm : this.backend.norm(gradients[i]!);
      const trace = stepper.update({ weight, gradient: gradients[i]!, gradientNorm, scratch, ...context });
      return { trace, gradientNorm };
    });
  }

  /** The next step may be taken with {@link updateUnchecked}. */
  refusesItself(listeners: Listeners): boolean {
    const { parts } = this;
    return parts.length === 1 && parts[0]!.stepper.refusesItself?.(isWatched(listeners)) === true;
  }

  /** Takes one step with a gradient that nobody has checked. @throws {StepFailedError} with a bad one, and then nothing was changed. */
  updateUnchecked(gradient: T, scratch: Scratch<T>, listeners: Listeners): void {
    this.stepParts(listeners, ({ stepper, weight }, _, context) => {
      const trace = stepper.updateUnchecked!({ weight, gradient, scratch, ...context });
      return { trace, gradientNorm: this.backend.norm(gradient) };
    });
  }

  /** Adds a micro-batch, or notes that one was skipped; takes a step with the mean when it was the last of `count`. @throws {StepFailedError} */
  accumulate(checked: CheckedGradient<T> | undefined, count: number, scratch: Scratch<T>, listeners: Listeners): void {
    this.accumulator ??= new Accumulator(this.backend, this.parts);
    const { accumulator } = this;
    accumulator.add(checked && this.split(checked.gradient));
    if (accumulator.seen < count) return;
    try {
      if (accumulator.good > 0) this.updateByMean(accumulator, scratch, listeners);
    } finally {
      accumulator.reset();
    }
  }

  /** Takes up counts that were saved; micro-batches that wait are dropped, and reports start anew. */
  restore(counters: Counters): void {
    Object.assign(this.counters, counters);
    this.accumulator?.reset();
    this.captured = undefined;
    this.updateRms = undefined;
    this.stale = false;
  }

  /** Micro-batches that wait for the rest of their step. */
  get pending(): number {
    return this.accumulator?.seen ?? 0;
  }

  dispose(): void {
    this.accumulator?.dispose();
    for (const { stepper } of this.parts) {
      for (const matrix of Object.values(stepper.state)) this.backend.dispose(matrix);
    }
  }

  private updateByMean(accumulator: Accumulator<T>, scratch: Scratch<T>, listeners: Listeners): void {
    this.stepParts(listeners, ({ stepper, weight }, i, context) => {
      const { matrix, projected } = accumulator.mean(i);
      if (projected) {
        return { trace: stepper.updateProjected!({ weight, projected: matrix, scratch, ...context }) };
      }
      const gradientNorm = finiteUpdate(this.backend.norm(matrix));
      return { trace: stepper.update({ weight, gradient: matrix, gradientNorm, scratch, ...context }), gradientNorm };
    });
  }

  private stepParts(listeners: Listeners, stepPart: StepPart<T>): void {
    const { lr, step } = this;
    const context = { lr, watched: isWatched(listeners) };
    this.parts.forEach((part, i) => {
      let done: ReturnType<StepPart<T>>;
      try {
        done = stepPart(part, i, context);
      } catch (cause) {
        throw new StepFailedError(part.name, step, cause);
      }
      this.note(part, done, step, lr, listeners);
    });
    this.counters.steps++;
  }

  private split(gradient: T): readonly T[] {
    if (this.parts.length === 1) return [gradient];
    return this.parts.map(({ firstRow, rows }) => this.backend.rowsOf!(gradient, firstRow, rows));
  }

  skip(listeners: Listeners): void {
    this.counters.skipped++;
    const message = "the gradient held NaN or an infinity; this parameter took no step";
    listeners.emit("alarm", { parameter: this.name, step: this.step, kind: "non-finite", message });
  }

  private note(
    { name: parameter, rows, cols }: TrackedPart<T>,
    { trace, gradientNorm }: ReturnType<StepPart<T>>,
    step: number,
    lr: number,
    listeners: Listeners,
  ): void {
    const { counters } = this;
    const { updateNorm, captured, limited, refresh, spectrum, orthogonality } = trace;
    if (trace.orthogonalized) counters.orthogonalized++;
    if (limited) counters.limited++;
    if (refresh) counters.refreshes++;
    this.captured = captured ?? this.captured;
    this.updateRms = updateNorm === undefined ? undefined : updateNorm / Math.sqrt(rows * cols);
    this.raiseAlarms(trace, parameter, step, gradientNorm, listeners);
    if (refresh && listeners.has("refresh")) {
      listeners.emit("refresh", { parameter, step, captured: captured!, ...refresh });
    }
    if (!listeners.has("step")) return;
    listeners.emit("step", {
      parameter,
      step,
      lr,
      ...(gradientNorm !== undefined && { gradientNorm }),
      ...(this.updateRms !== undefined && { updateRms: this.updateRms }),
      ...(captured !== undefined && { captured }),
      ...(limited !== undefined && { limited }),
      ...(orthogonality !== undefined && { orthogonality }),
      ...(spectrum && { spectrum, condition: conditionOf(spectrum), stableRank: stableRankOf(spectrum) }),
    });
  }

  private raiseAlarms(
    { updateNorm, captured, capturedByChance, refresh }: StepTrace,
    parameter: string,
    step: number,
    gradientNorm: number | undefined,
    listeners: Listeners,
  ): void {
    if (updateNorm === 0 && gradientNorm !== undefined && gradientNorm > 0) {
      this.counters.noops++;
      const message = `a gradient of norm ${gradientNorm} gave no update`;
      listeners.emit("alarm", { parameter, step, kind: "no-op", message });
    }
    if (refresh) this.stale = false;
    if (captured === undefined || capturedByChance === undefined || captured >= capturedByChance || this.stale) return;
    this.stale = true;
    const message = `the subspace holds ${captured} of the gradient's energy, a random one would hold ${capturedByChance}; refresh more often`;
    listeners.emit("alarm", { parameter, step, kind: "stale-basis", message });
  }
}

const isWatched = (listeners: Listeners): boolean => listeners.has("step") || listeners.has("refresh");
