import type { Facts } from "../algorithms/facts.ts";
import { type Gradient, WholeGradient } from "../algorithms/gradient.ts";
import type { StepTrace } from "../algorithms/stepper.ts";
import { conditionOf, stableRankOf } from "../algorithms/steps/telemetry.ts";
import type { Backend, Scratch } from "../backend/backend.ts";
import type { Collective } from "../collective/collective.ts";
import { describe, NonFiniteGradientError, OptimizerOptionError, ParameterError, StepFailedError } from "../errors.ts";
import { Accumulator } from "./accumulator.ts";
import { type Counters, noCounts } from "./counters.ts";
import type { Listeners } from "./events.ts";
import type { Assignment } from "./groups.ts";
import type { TrackedPart } from "./part.ts";
import { broadcastMatrix, compareRanks, rankOfBadGradient } from "./ranks.ts";

/** Options of the sums of gradients over the micro-batches and ranks of a step. */
export interface Accumulation {
  readonly microBatches: number;
  /** The ranks, and the micro-batches of all of them in a step; `undefined` if some may be skipped. */
  readonly collective: Collective | undefined;
  readonly allMicroBatches: number | undefined;
  /** Whether to sum whole gradients where projections would do. */
  readonly keepsWhole: boolean;
}

/** The means of a step's gradients, one a part, which may be under way between the ranks. */
export interface PendingMeans<T> {
  /** Whether the gradients of this rank are finite. */
  readonly finite: boolean;
  /**
   * The means, valid until the next micro-batch; none on a rank that does not own the state; `undefined` if every micro-batch was skipped.
   * Call it once.
   *
   * @throws {NonFiniteGradientError} on every rank, if one's gradient is not finite, and the state has no owner.
   */
  wait(): readonly Gradient<T>[] | undefined;
}

/** What the steps of a parameter leave on its owner beside weights and matrices, as JSON. */
export interface StepRecord {
  /** One a part. */
  readonly facts: readonly Facts[];
  readonly counters: Omit<Counters, "skipped">;
  readonly captured?: number | undefined;
  readonly updateRms?: number | undefined;
}

/** State of one parameter: its weights, its steppers, and the counts of its steps. */
export class Track<T> {
  readonly assignment: Assignment;
  readonly parts: readonly TrackedPart<T>[];
  /** The rank that has the state and makes the steps; `undefined` if all do. */
  readonly owner: number | undefined;
  /** Whether this rank has the state. */
  readonly owned: boolean;
  readonly counters: Counters = noCounts();
  /** Measurements of the last step, for reports. */
  captured: number | undefined;
  updateRms: number | undefined;
  /** Whether the ranks have compared this parameter since it was created or restored. */
  private compared = false;
  private stale = false;
  /** Created by the first micro-batch. */
  private accumulator: Accumulator<T> | undefined;
  private readonly backend: Backend<T, never>;

  constructor(
    backend: Backend<T, never>,
    assignment: Assignment,
    parts: readonly TrackedPart<T>[],
    owner: number | undefined,
    owned: boolean,
  ) {
    this.backend = backend;
    this.assignment = assignment;
    this.parts = parts;
    this.owner = owner;
    this.owned = owned;
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

  /** @throws {OptimizerOptionError} unless the schedule gives a number >= 0 for the next step. */
  checkLr(): void {
    const { lr, step, name } = this;
    if (typeof lr === "number" && Number.isFinite(lr) && lr >= 0) return;
    throw new OptimizerOptionError(
      "lr",
      `a schedule of numbers >= 0`,
      lr,
      `got ${describe(lr)} at step ${step} of ${name}`,
    );
  }

  /** Splits a gradient among the parts. Checks it first if there are several, before any part changes. @throws {RangeError} */
  gradientsOf(gradient: WholeGradient<T>): readonly WholeGradient<T>[] {
    if (this.parts.length === 1) return [gradient];
    gradient.norm();
    return this.rowsOf(gradient.matrix).map((rows) => new WholeGradient(this.backend, rows));
  }

  /**
   * Takes one step, with one gradient a part, on a rank that has the state. A projected gradient becomes the update that other ranks follow.
   *
   * @throws {StepFailedError} with the failed part and those after it unchanged.
   */
  update(gradients: readonly Gradient<T>[], scratch: Scratch<T>, listeners: Listeners): void {
    const { lr, step } = this;
    const watched = listeners.has("step") || listeners.has("refresh");
    for (const [i, part] of this.parts.entries()) {
      const { stepper, weight, followed } = part;
      const gradient = gradients[i]!;
      let trace: StepTrace;
      try {
        const direction = followed && gradient.kind === "projected" ? gradient.matrix : undefined;
        trace = stepper.update({ weight, gradient, lr, scratch, watched, direction });
      } catch (cause) {
        throw new StepFailedError(part.name, step, cause);
      }
      this.note(part, trace, gradient, step, lr, listeners);
    }
    this.counters.steps++;
  }

  /**
   * Adds a micro-batch. After the last of a step returns the means, over all ranks if there is a collective; `undefined` before.
   *
   * @param gradient - `undefined` if it was skipped.
   * @param finite - whether its elements are. Only ranks accept others, which the sum then tells to all.
   * @throws {RanksDifferError} on every rank, the first time. @throws {ParameterError} before the means of the last step were waited for.
   */
  accumulate(
    gradient: T | undefined,
    finite: boolean,
    scratch: Scratch<T>,
    { microBatches, collective, allMicroBatches, keepsWhole }: Accumulation,
  ): PendingMeans<T> | undefined {
    const { sparse = false } = this.assignment.parameter;
    this.accumulator ??= new Accumulator(this.backend, this.parts, keepsWhole, sparse);
    const { accumulator } = this;
    if (accumulator.seen === microBatches) {
      throw new ParameterError(this.name, "expected the step that was started to be waited for, got another gradient");
    }
    accumulator.add(gradient && this.rowsOf(gradient), finite, scratch);
    if (accumulator.seen < microBatches) return undefined;
    if (collective !== undefined && !this.compared) {
      compareRanks(this.backend, collective, [this]);
      this.compared = true;
    }
    const sum = collective && accumulator.reduceStart(collective, allMicroBatches, this.owner);
    const { finite: ownFinite } = accumulator;
    // With an owner, {@link ShardedSteps} checks.
    const checks = allMicroBatches !== undefined && this.owner === undefined;
    return {
      finite: ownFinite,
      wait: () => {
        try {
          sum?.wait();
          if (accumulator.good === 0) return undefined;
          if (!this.owned) return [];
          const means = this.parts.map((_, i) => accumulator.mean(i));
          if (collective !== undefined && checks && !this.areFinite(means)) {
            throw new NonFiniteGradientError(this.name, this.step, rankOfBadGradient(collective, ownFinite));
          }
          return means;
        } finally {
          accumulator.reset();
        }
      },
    };
  }

  /** Whether means are finite. A sum with a gradient that is not finite is not finite either, with the same bits on every rank. */
  areFinite(means: readonly Gradient<T>[]): boolean {
    return means.every((mean) =>
      mean.kind === "whole" ? mean.isFinite() : Number.isFinite(this.backend.norm(mean.matrix)),
    );
  }

  /** What the last step has left, for the other ranks. */
  get record(): StepRecord {
    const { parts, captured, updateRms } = this;
    const { skipped: _, ...counters } = this.counters; // each rank counts its own
    return { facts: parts.map(({ stepper }) => stepper.facts()), counters, captured, updateRms };
  }

  /**
   * Shares the step that the owner has made: the owner sends, the others receive and follow. All ranks call it.
   *
   * @param record - the owner's.
   * @param failed - whether some part failed, and those before it have their step.
   */
  shareStep(record: StepRecord, collective: Collective, failed: boolean): void {
    const { backend, parts, lr, accumulator } = this;
    const root = this.owner!;
    const share = (matrix: T): void => broadcastMatrix(backend, collective, matrix, root);
    const projections = parts.map((_, i) => (failed ? undefined : accumulator!.projection(i)));
    for (const [i, { weight, stepper, followed }] of parts.entries()) {
      const direction = followed ? projections[i] : undefined;
      share(direction ?? weight);
      if (direction !== undefined && !this.owned) stepper.descendAlong!(weight, direction, lr);
    }
    if (!this.owned) this.adopt(record);
    // A step of a whole gradient may have changed what the next one is projected with.
    for (const [i, { stepper, replicated }] of parts.entries()) {
      if (projections[i] === undefined) for (const key of replicated) share(stepper.state[key]!);
    }
  }

  private adopt({ facts, counters, captured, updateRms }: StepRecord): void {
    for (const [i, { stepper }] of this.parts.entries()) stepper.restore(facts[i]!);
    Object.assign(this.counters, counters);
    this.captured = captured;
    this.updateRms = updateRms;
  }

  /** Restores saved counts. Drops micro-batches of an unfinished step, and the last step's measurements. */
  restore(counters: Readonly<Record<string, number>>): void {
    Object.assign(this.counters, counters);
    this.accumulator?.reset();
    this.compared = false;
    this.captured = undefined;
    this.updateRms = undefined;
    this.stale = false;
  }

  /** Number of micro-batches of an unfinished step. */
  get pending(): number {
    return this.accumulator?.seen ?? 0;
  }

  dispose(): void {
    this.accumulator?.dispose();
    for (const { stepper } of this.parts) {
      for (const matrix of Object.values(stepper.state)) this.backend.dispose(matrix);
    }
  }

  private rowsOf(gradient: T): readonly T[] {
    if (this.parts.length === 1) return [gradient];
    return this.parts.map(({ firstRow, rows }) => this.backend.rowsOf!(gradient, firstRow, rows));
  }

  /** Counts a gradient that was not finite. */
  skip(listeners: Listeners): void {
    this.counters.skipped++;
    const message = "the gradient held NaN or an infinity; this parameter took no step";
    listeners.emit("alarm", { parameter: this.name, step: this.step, kind: "non-finite", message });
  }

  private note(
    { name: parameter, rows, cols }: TrackedPart<T>,
    trace: StepTrace,
    gradient: Gradient<T>,
    step: number,
    lr: number,
    listeners: Listeners,
  ): void {
    const gradientNorm = gradient.kind === "whole" ? gradient.norm() : undefined;
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
