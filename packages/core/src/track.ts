import type { Backend, Scratch } from "./backend.ts";
import { type Counters, noCounts } from "./counters.ts";
import { StepFailedError } from "./errors.ts";
import type { Listeners } from "./events.ts";
import type { Assignment } from "./groups.ts";
import type { Part } from "./parameter.ts";
import type { Stepper, StepTrace } from "./rule.ts";
import { conditionOf, stableRankOf } from "./telemetry.ts";

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

/** One parameter on its way: its weights, its state, and what happened to it. */
export class Track<T> {
  readonly assignment: Assignment;
  readonly parts: readonly TrackedPart<T>[];
  readonly counters: Counters = noCounts();
  /** Of the last step, for reports. */
  captured: number | undefined;
  updateRms: number | undefined;
  private stale = false;
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
    const { backend, parts, lr, step } = this;
    const watched = listeners.has("step") || listeners.has("refresh");
    for (const { stepper, weight, firstRow, rows, name } of parts) {
      const whole = parts.length === 1;
      const own = whole ? gradient : backend.rowsOf!(gradient, firstRow, rows);
      const gradientNorm = whole ? norm : backend.norm(own);
      let trace: StepTrace;
      try {
        trace = stepper.update({ weight, gradient: own, gradientNorm, lr, scratch, watched });
      } catch (cause) {
        throw new StepFailedError(name, step, cause);
      }
      this.note(trace, name, step, lr, gradientNorm, listeners);
    }
    this.counters.steps++;
  }

  skip(listeners: Listeners): void {
    this.counters.skipped++;
    const message = "the gradient held NaN or an infinity; this parameter took no step";
    listeners.emit("alarm", { parameter: this.name, step: this.step, kind: "non-finite", message });
  }

  private note(
    trace: StepTrace,
    parameter: string,
    step: number,
    lr: number,
    gradientNorm: number,
    listeners: Listeners,
  ): void {
    const { counters } = this;
    const { updateNorm, captured, limited, refresh, spectrum, orthogonality } = trace;
    const { rows, cols } = this.parts.find(({ name }) => name === parameter)!;
    if (trace.orthogonalized) counters.orthogonalized++;
    if (limited) counters.limited++;
    if (refresh) counters.refreshes++;
    this.captured = captured;
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
      gradientNorm,
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
    gradientNorm: number,
    listeners: Listeners,
  ): void {
    if (updateNorm === 0 && gradientNorm > 0) {
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
