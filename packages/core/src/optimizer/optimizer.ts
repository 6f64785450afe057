import { type Gradient, WholeGradient, wholeOf } from "../algorithms/gradient.ts";
import type { Backend, Scratch } from "../backend/backend.ts";
import { linalgBackend } from "../backend/linalg-backend.ts";
import type { LinalgMatrix } from "../backend/linalg-scratch.ts";
import type { LinalgSource } from "../backend/linalg-source.ts";
import { loadCheckpoint, saveCheckpoint } from "../checkpoint/checkpoint.ts";
import { bytesFile, isFile, type RandomAccessFile } from "../checkpoint/random-access-file.ts";
import { joined } from "../checkpoint/safetensors.ts";
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
import { type ParameterPlan, type Plan, planAssignments } from "./plan.ts";
import { checkEqualWeight, rankOfBadGradient } from "./ranks.ts";
import type { Accumulation, Track } from "./track.ts";

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
  private readonly accumulation: Accumulation;
  private readonly clip: number | undefined;
  private readonly planned: Plan;
  private readonly tracks: ReadonlyMap<string, Track<T>>;
  private readonly scratch: Scratch<T>;
  private readonly listeners: Listeners = new Listeners();
  private disposed = false;

  constructor(
    parameters: readonly Parameter<Source>[],
    options: Group | readonly Group[],
    backend: Backend<T, Source>,
    { onNonFinite = "throw", microBatches = 1, clip, turn = 0, collective }: Omit<CreateOptions<T, Source>, "backend">,
  ) {
    const assignments = assignGroups(parameters, options);
    const weights = assignments.map((assignment, i) => weightOf(backend, assignment, parameters[i]!.data));
    if (collective !== undefined) {
      for (const [i, weight] of weights.entries()) checkEqualWeight(backend, collective, parameters[i]!.name, weight);
    }
    this.backend = backend;
    this.onNonFinite = onNonFinite;
    this.accumulation = { microBatches, collective, keepsWhole: clip !== undefined };
    this.clip = clip;
    const { plan, scratchBytes } = planAssignments(assignments, backend.sizes, {
      accumulates: this.accumulates,
      clips: clip !== undefined,
    });
    this.planned = plan;
    this.scratch = backend.scratch(scratchBytes);
    try {
      this.tracks = createTracks(backend, assignments, weights, turn);
    } catch (error) {
      this.scratch.dispose();
      throw error;
    }
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
   * must not step before the last one; matrices in memory are not copied.
   *
   * @throws as {@link save}, before the first piece.
   */
  savePieces(): Iterable<Uint8Array> {
    this.alive();
    const pending = Array.from(this.tracks.values()).find((track) => track.pending > 0);
    if (pending !== undefined) {
      throw new CheckpointError(`${pending.name} waits for micro-batches of its step; save between steps`);
    }
    return saveCheckpoint(this.backend, this.tracks);
  }

  /**
   * Restores a saved state. Names, shapes and all options but the learning rate must be the same.
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
    if (this.clip !== undefined) this.applyClipped(given, this.clip);
    else if (this.accumulates)
      for (const { track, gradients } of this.accumulated(given)) this.update(track, gradients);
    else for (const each of given) this.applyOne(each);
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
      const means = [...this.accumulated(given)];
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

  /** Adds a micro-batch; yields the parameters whose step it completes, with the mean of each part. */
  private *accumulated(given: readonly Given<T>[]): Generator<{ track: Track<T>; gradients: readonly Gradient<T>[] }> {
    for (const each of given) {
      const { track, gradient } = each;
      const taken = this.isTaken(each) ? gradient.matrix : undefined;
      const gradients = track.accumulate(taken, this.scratch, this.accumulation);
      if (gradients !== undefined) yield { track, gradients };
    }
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
    const { microBatches, collective } = this.accumulation;
    return microBatches > 1 || collective !== undefined;
  }

  /** Whether a gradient is finite. @throws {NonFiniteGradientError} if one is not, here or on another rank, unless `onNonFinite` is `"skip"`. */
  private isUsable({ name, step }: Track<T>, gradient: WholeGradient<T>): boolean {
    const finite = gradient.isFinite();
    if (this.onNonFinite === "skip") return finite;
    const { collective } = this.accumulation;
    const rank = collective && rankOfBadGradient(collective, finite);
    if (!finite || rank !== undefined) throw new NonFiniteGradientError(name, step, rank);
    return true;
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
