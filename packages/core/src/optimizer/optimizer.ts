import { type Gradient, WholeGradient, wholeOf } from "../algorithms/gradient.ts";
import type { Backend, Scratch } from "../backend/backend.ts";
import { linalgBackend } from "../backend/linalg-backend.ts";
import type { LinalgMatrix } from "../backend/linalg-scratch.ts";
import type { LinalgSource } from "../backend/linalg-source.ts";
import { loadCheckpoint, saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { bytesFile, isFile, type RandomAccessFile } from "../checkpoint/random-access-file.ts";
import { joined } from "../checkpoint/safetensors.ts";
import type { Collective } from "../collective/collective.ts";
import {
  CheckpointError,
  DisposedError,
  describe,
  GradientShapeError,
  GradientTypeError,
  NonFiniteGradientError,
  OptimizerOptionError,
  ParameterError,
  SafetensorsError,
} from "../errors.ts";
import { clipFactor } from "../wrappers/clip.ts";
import { type Counters, totalOf } from "./counters.ts";
import { type CreateOptions, checkCreateOptions } from "./create-options.ts";
import { createTracks, weightOf } from "./create-tracks.ts";
import { Listeners, type OptimizerEvents } from "./events.ts";
import { assignGroups, type Group } from "./groups.ts";
import { entriesOf } from "./named.ts";
import { flattened, type Parameter } from "./parameter.ts";
import { ownersOf, type ParameterPlan, type Plan, planAssignments } from "./plan.ts";
import { compareRanks, countedOnAll, gatherStates } from "./ranks.ts";
import { ShardedSteps } from "./sharded-steps.ts";
import type { Accumulation, PendingMeans, Track } from "./track.ts";

/** The plan of a parameter, with its steps and counters. */
export interface ParameterReport extends ParameterPlan {
  /** Steps taken. */
  readonly step: number;
  readonly counters: Readonly<Counters>;
  /** ‖Qᵀ G‖² / ‖G‖² of the last gradient; `undefined` without a subspace. */
  readonly captured: number | undefined;
  /** Root mean square of the last update before the learning rate; `undefined` if the optimizer does not measure it. */
  readonly updateRms: number | undefined;
}

/** What an optimizer holds and has done: its plan with measured numbers, a row a parameter. */
export interface Report extends Omit<Plan, "parameters"> {
  /** The backend's name. */
  readonly backend: string;
  readonly parameters: readonly ParameterReport[];
  readonly counters: Readonly<Counters>;
}

/**
 * Creates an optimizer for named parameters, whose weights are updated in place.
 *
 * Allocates all state and scratch, as planned by `plan`; steps allocate nothing that grows with the parameters.
 *
 * @param options - One optimizer's options for all parameters, or a list of groups; the first group that matches a parameter wins.
 * @throws {OptimizerOptionError} @throws {ParameterError} before anything is allocated.
 *
 * @example
 * const optimizer = createOptimizer(
 *   [{ name: "w", shape: [128, 352], data: w }],
 *   { optimizer: "sumo", lr: 8e-3, rank: 32 },
 * );
 * optimizer.stepParameter("w", gradient);
 */
export function createOptimizer(
  parameters: readonly Parameter<LinalgSource>[],
  options: Group | readonly Group[],
  create?: CreateOptions<LinalgMatrix, LinalgSource>,
): Optimizer<LinalgMatrix, LinalgSource>;
export function createOptimizer<T, Source>(
  parameters: readonly Parameter<Source>[],
  options: Group | readonly Group[],
  create: CreateOptions<T, Source> & { readonly backend: Backend<T, Source> },
): Optimizer<T, Source>;
export function createOptimizer(
  parameters: readonly Parameter<LinalgSource>[],
  options: Group | readonly Group[],
  create: CreateOptions<LinalgMatrix, LinalgSource> = {},
): Optimizer<LinalgMatrix, LinalgSource> {
  checkCreateOptions(create);
  const { backend = linalgBackend(), ...rest } = create;
  return new Optimizer(parameters, options, backend, rest);
}

/** A step whose sum over the ranks may be under way. */
export interface PendingStep {
  /** Makes the step once the sum is there. Further calls do nothing. */
  wait(): void;
}

/** A parameter with its gradient. */
interface Given<T> {
  readonly track: Track<T>;
  readonly gradient: WholeGradient<T>;
}

/** Factor that limits the joint norm of `gradients`. */
function factorOf(gradients: readonly WholeGradient<unknown>[], clip: number): number {
  const norms = gradients.map((gradient) => (gradient.isFinite() ? gradient.norm() : Infinity));
  return clipFactor(Math.hypot(...norms), clip);
}

/** See {@link createOptimizer}. */
export class Optimizer<T = LinalgMatrix, Source = LinalgSource> {
  readonly backend: Backend<T, Source>;
  private readonly onNonFinite: "throw" | "skip";
  private readonly collective: Collective | undefined;
  private readonly microBatches: number;
  private readonly clip: number | undefined;
  /** The steps of states that the ranks divide; `undefined` if every rank has all. */
  private readonly sharded: ShardedSteps<T> | undefined;
  private readonly planned: Plan;
  private readonly tracks: ReadonlyMap<string, Track<T>>;
  private readonly scratch: Scratch<T>;
  private readonly listeners: Listeners = new Listeners();
  /** Micro-batches of all ranks in a step. */
  private allMicroBatches: number | undefined;
  private disposed = false;

  constructor(
    parameters: readonly Parameter<Source>[],
    options: Group | readonly Group[],
    backend: Backend<T, Source>,
    {
      onNonFinite = "throw",
      microBatches = 1,
      clip,
      turn = 0,
      collective,
      shardState = false,
    }: Omit<CreateOptions<T, Source>, "backend">,
  ) {
    const assignments = assignGroups(parameters, options);
    const weights = assignments.map((assignment, i) => weightOf(backend, assignment, parameters[i]!.data));
    this.backend = backend;
    this.onNonFinite = onNonFinite;
    this.microBatches = microBatches;
    this.collective = collective;
    this.clip = clip;
    const { plan, scratchBytes } = planAssignments(assignments, backend.sizes, {
      accumulates: this.accumulates,
      clips: clip !== undefined,
      ...(collective !== undefined && shardState && { ranks: collective.size }),
    });
    this.planned = plan;
    this.scratch = backend.scratch(scratchBytes);
    try {
      const shards = shardState && collective ? { rank: collective.rank, owners: ownersOf(plan) } : undefined;
      this.tracks = createTracks(backend, assignments, weights, turn, shards);
    } catch (error) {
      this.scratch.dispose();
      throw error;
    }
    if (collective !== undefined && shardState)
      this.sharded = new ShardedSteps(collective, this.scratch, this.listeners);
  }

  /**
   * Updates one parameter, e.g. as soon as back-propagation has its gradient. With micro-batches, updates it at the last one of a step.
   *
   * @param gradient - Of the parameter's shape, or flat; read only, during the call only.
   * @throws {ParameterError} for an unknown name, {@link GradientShapeError}, {@link NonFiniteGradientError}, {@link StepFailedError},
   * {@link OptimizerOptionError} if there is a `clip`, and other parameters: all before weights or state are changed.
   */
  stepParameter(name: string, gradient: Source): void {
    const track = this.track(name);
    if (this.clip !== undefined && this.tracks.size > 1) {
      const expected = "a step with the gradients of all parameters, whose joint norm it limits";
      throw new OptimizerOptionError("clip", expected, undefined, `got stepParameter(${JSON.stringify(name)})`);
    }
    this.apply([{ track, gradient: this.gradientOf(track, gradient) }]);
  }

  /**
   * Starts the step of {@link stepParameter}, and with it the sum over the ranks, which goes on while the caller computes the next gradient.
   * Weight and state change at `wait`, which has to come before the parameter's next gradient; all ranks start, and wait, in the same order.
   * With `shardState` the first wait makes all steps that were started; a gradient that is not finite refuses all of them.
   * Without a `collective` there is nothing to wait for: the step is made at once.
   *
   * @throws as {@link stepParameter}, some of it at `wait`.
   */
  stepParameterStart(name: string, gradient: Source): PendingStep {
    if (this.collective === undefined || this.clip !== undefined) {
      this.stepParameter(name, gradient);
      return { wait() {} };
    }
    const track = this.track(name);
    let means = this.accumulate({ track, gradient: this.gradientOf(track, gradient) });
    if (this.sharded !== undefined) return { wait: means ? this.sharded.start(track, means) : () => {} };
    return {
      wait: () => {
        const gradients = means?.wait();
        means = undefined;
        if (gradients !== undefined) this.update(track, gradients);
      },
    };
  }

  /**
   * Updates the named parameters. All gradients are checked before any weight is changed.
   *
   * @param gradients - By name, in an object or a Map.
   * @throws as {@link stepParameter}.
   */
  step(gradients: Readonly<Record<string, Source>> | ReadonlyMap<string, Source>): void {
    const given = entriesOf(gradients).map(([name, source]) => {
      const track = this.track(name);
      return { track, gradient: this.gradientOf(track, source) };
    });
    if (given.length > 1) for (const { track, gradient } of given) this.isUsable(track, gradient);
    this.apply(given);
  }

  /** The plan of every parameter, with its steps and counters. */
  report(): Report {
    const parameters = this.planned.parameters.map((planned) => {
      const { step, counters, captured, updateRms } = this.track(planned.name);
      return { ...planned, step, counters: { ...counters }, captured, updateRms };
    });
    return { ...this.planned, backend: this.backend.name, parameters, counters: this.counters };
  }

  /** Counters summed over all parameters. */
  get counters(): Readonly<Counters> {
    return totalOf(Array.from(this.tracks.values(), ({ counters }) => counters));
  }

  /**
   * Calls `listener` at every such event. Returns a function that removes it. Listeners to `step` or `refresh` make steps slower:
   * spectra are copied, orthogonality and principal angles measured.
   */
  on<K extends keyof OptimizerEvents>(event: K, listener: (event: OptimizerEvents[K]) => void): () => void {
    return this.listeners.add(event, listener);
  }

  /**
   * Saves the state, without the weights, as a safetensors file. A run resumed from it has the same bits.
   *
   * @throws {CheckpointError} between two micro-batches of one step.
   */
  save(): Uint8Array {
    return joined(this.savePieces());
  }

  /**
   * The file of {@link save} in pieces, at most one matrix each, to write large states to a disk without a copy of the whole. The optimizer
   * must not step before the last one; matrices in memory are not copied. With `shardState` all ranks call it, rank 0 copies the matrices of
   * the others, and the others get no pieces.
   *
   * @throws as {@link save}, before the first piece.
   */
  savePieces(): Iterable<Uint8Array> {
    this.alive();
    const pending = Array.from(this.tracks.values()).find((track) => track.pending > 0);
    if (pending !== undefined) {
      throw new CheckpointError(`${pending.name} waits for micro-batches of its step; save between steps`);
    }
    const { backend, collective, tracks } = this;
    if (collective === undefined || this.sharded === undefined) return saveCheckpoint(backend, tracks);
    const gathered = gatherStates(backend, collective, tracks.values());
    return collective.rank === 0 ? saveCheckpoint(backend, tracks, gathered) : [];
  }

  /**
   * Restores a saved state, of which each rank keeps its own part with `shardState`. Names, shapes and all options but the learning rate must be the same.
   *
   * @param file - its bytes, or a file that is read in pieces, twice: to check it, and to restore each matrix.
   * @throws {SafetensorsError} @throws {CheckpointError} before anything is changed.
   */
  load(file: Uint8Array | RandomAccessFile): void {
    this.alive();
    if (file instanceof Uint8Array) loadCheckpoint(this.backend, this.tracks, bytesFile(file));
    else if (isFile(file)) loadCheckpoint(this.backend, this.tracks, file);
    else throw new SafetensorsError(`expected a Uint8Array or a file, got ${describe(file)}`);
  }

  /**
   * Compares checksums of all weights and states, but for those of one rank alone, over the ranks. A step compares those of its parameter the first time after creation and
   * after {@link load}; a program may do so again every so many steps, at the cost of reading them.
   *
   * @throws {RanksDifferError} on every rank.
   */
  compareRanks(): void {
    this.alive();
    if (this.collective !== undefined) compareRanks(this.backend, this.collective, [...this.tracks.values()]);
  }

  /** Releases the memory, except for the weights, which belong to the user. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const track of this.tracks.values()) track.dispose();
    this.scratch.dispose();
  }

  /** A gradient as a handle, once it and the learning rate are known to be usable. */
  private gradientOf(track: Track<T>, source: Source): WholeGradient<T> {
    const { name, assignment } = track;
    const { shape } = assignment.parameter;
    const isObject = typeof source === "object" && source !== null;
    const matrix = isObject ? this.backend.gradient(source, ...flattened(shape, assignment.layout)) : undefined;
    if (matrix === undefined) {
      const got = isObject ? this.backend.shapeOf(source) : undefined;
      if (got !== undefined) throw new GradientShapeError(name, shape, got);
      throw new GradientTypeError(name, `numbers of shape [${shape.join(", ")}]`, describe(source));
    }
    track.checkLr();
    return new WholeGradient(this.backend, matrix);
  }

  private apply(given: readonly Given<T>[]): void {
    if (this.sharded !== undefined) this.applySharded(given, this.sharded);
    else if (this.clip !== undefined) this.applyClipped(given, this.clip);
    else if (this.accumulates) for (const { track, gradients } of this.means(given)) this.update(track, gradients);
    else for (const each of given) this.applyOne(each);
  }

  private applySharded(given: readonly Given<T>[], sharded: ShardedSteps<T>): void {
    const started = given.flatMap((each) => {
      const means = this.accumulate(each);
      return means === undefined ? [] : [sharded.start(each.track, means)];
    });
    for (const wait of started) wait();
  }

  /** Steps first, and checks the gradient only if the step fails, to save a read-back. A bad gradient throws before any write. */
  private applyOne({ track, gradient }: Given<T>): void {
    const { scratch, listeners } = this;
    try {
      track.update(track.gradientsOf(gradient), scratch, listeners);
    } catch (error) {
      if (this.isUsable(track, gradient)) throw error;
      track.skip(listeners);
    }
  }

  private applyClipped(given: readonly Given<T>[], clip: number): void {
    const { backend, scratch } = this;
    const scaled = (out: T, factor: number, gradient: T): WholeGradient<T> => {
      backend.axpby(out, factor, gradient, 0);
      return new WholeGradient(backend, out);
    };
    if (this.accumulates) {
      const means = this.means(given);
      const factor = factorOf(
        means.flatMap(({ gradients }) => gradients.map(wholeOf)),
        clip,
      );
      for (const { track, gradients } of means) {
        this.update(track, factor === 1 ? gradients : gradients.map(({ matrix }) => scaled(matrix, factor, matrix)));
      }
      return;
    }
    const usable = given.filter((each) => this.isTaken(each));
    const factor = factorOf(
      usable.map(({ gradient }) => gradient),
      clip,
    );
    for (const { track, gradient } of usable) {
      if (factor === 1) this.update(track, track.gradientsOf(gradient));
      else {
        const { parameter, layout } = track.assignment;
        scratch.scope((inner) => {
          const copy = inner.matrix(...flattened(parameter.shape, layout));
          this.update(track, track.gradientsOf(scaled(copy, factor, gradient.matrix)));
        });
      }
    }
  }

  /** Adds a micro-batch. Returns the parameters whose step it completes, with the mean of each part, once all are there. */
  private means(given: readonly Given<T>[]): { track: Track<T>; gradients: readonly Gradient<T>[] }[] {
    const pending = given.map((each) => ({ track: each.track, means: this.accumulate(each) }));
    const failures: unknown[] = [];
    const complete = pending.flatMap(({ track, means }) => {
      try {
        const gradients = means?.wait();
        return gradients === undefined ? [] : [{ track, gradients }];
      } catch (failure) {
        failures.push(failure); // thrown once no sum is under way any more
        return [];
      }
    });
    if (failures.length > 0) throw failures[0];
    return complete;
  }

  /** Adds a micro-batch, or leaves it out. */
  private accumulate({ track, gradient }: Given<T>): PendingMeans<T> | undefined {
    const finite = this.isUsable(track, gradient);
    const skipped = !finite && this.onNonFinite === "skip";
    if (skipped) track.skip(this.listeners);
    return track.accumulate(skipped ? undefined : gradient.matrix, finite, this.scratch, this.accumulation);
  }

  /** The sums of this optimizer. Its ranks count their micro-batches at the first one. */
  private get accumulation(): Accumulation {
    const { clip, collective, microBatches } = this;
    if (collective !== undefined && this.onNonFinite === "throw") {
      this.allMicroBatches ??= countedOnAll(collective, microBatches);
    }
    return { microBatches, collective, allMicroBatches: this.allMicroBatches, keepsWhole: clip !== undefined };
  }

  /** Whether a gradient is finite; counts it if it is to be skipped. @throws as {@link isUsable}. */
  private isTaken({ track, gradient }: Given<T>): boolean {
    const usable = this.isUsable(track, gradient);
    if (!usable) track.skip(this.listeners);
    return usable;
  }

  private update(track: Track<T>, gradients: readonly Gradient<T>[]): void {
    track.update(gradients, this.scratch, this.listeners);
  }

  /** Whether steps take the mean of several gradients. */
  private get accumulates(): boolean {
    return this.microBatches > 1 || this.collective !== undefined;
  }

  /**
   * Whether a gradient is finite.
   *
   * @throws {NonFiniteGradientError} if it is not, unless `onNonFinite` is `"skip"`, or there are ranks, who learn of it by their sum.
   */
  private isUsable({ name, step }: Track<T>, gradient: WholeGradient<T>): boolean {
    const finite = gradient.isFinite();
    if (finite || this.onNonFinite === "skip" || this.collective !== undefined) return finite;
    throw new NonFiniteGradientError(name, step);
  }

  private track(name: string): Track<T> {
    this.alive();
    const track = this.tracks.get(name);
    if (track === undefined) {
      throw new ParameterError(
        String(name),
        `expected one of this optimizer's (${[...this.tracks.keys()].join(", ")})`,
      );
    }
    return track;
  }

  private alive(): void {
    if (this.disposed) throw new DisposedError();
  }
}
