import { WholeGradient } from "../algorithms/gradient.ts";
import { checkOptionNames } from "../algorithms/option-names.ts";
import type { Backend, Scratch } from "../backend/backend.ts";
import { linalgBackend } from "../backend/linalg-backend.ts";
import type { LinalgMatrix } from "../backend/linalg-scratch.ts";
import type { LinalgSource } from "../backend/linalg-source.ts";
import { loadCheckpoint, saveCheckpoint } from "../checkpoint/checkpoint.ts";
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
} from "../errors.ts";
import { type Counters, totalOf } from "./counters.ts";
import { createTracks, weightOf } from "./create-tracks.ts";
import { Listeners, type OptimizerEvents } from "./events.ts";
import { assignGroups, type Group } from "./groups.ts";
import { entriesOf } from "./named.ts";
import { checkParameters, flattened, type Parameter } from "./parameter.ts";
import { checkMicroBatches, type ParameterPlan, type Plan, planAssignments } from "./plan.ts";
import { checkCollective, checkEqualWeight, rankOfBadGradient } from "./ranks.ts";
import type { Track } from "./track.ts";

export interface CreateOptions<T, Source> {
  /** The backend that computes. Default `linalgBackend()`. */
  readonly backend?: Backend<T, Source>;
  /** A gradient with NaN or an infinity throws, or is skipped and counted; neither changes weights or state. Default `"throw"`. */
  readonly onNonFinite?: "throw" | "skip";
  /** Number of gradients of each parameter a step, which uses their mean. Default 1. */
  readonly microBatches?: number;
  /**
   * Fraction of the refresh period by which all first periods are shorter, in [0, 1). Parameters of one optimizer take turns by themselves;
   * this is for programs with an optimizer for each. Default 0.
   */
  readonly turn?: number;
  /**
   * The ranks of a data-parallel run, e.g. `connectMpi()` of `@sumo/mpi`. A step takes the mean of the gradients of all ranks, which make the
   * same calls in the same order and begin with the same weights; weights and state remain equal. Where the residual is off, most steps send
   * only Qᵀ G. A gradient that is not finite throws on every rank. Default: this process alone.
   */
  readonly collective?: Collective;
}

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

/** @throws {OptimizerOptionError} */
function checkCreateOptions(create: Partial<Record<keyof CreateOptions<never, never>, unknown>>): void {
  if (typeof create !== "object" || create === null) {
    throw new OptimizerOptionError("create", "an object such as { microBatches: 4 }", create);
  }
  checkOptionNames("createOptimizer's", create, ["backend", "onNonFinite", "microBatches", "turn", "collective"]);
  const { onNonFinite = "throw", microBatches = 1, turn = 0, backend, collective } = create;
  if (onNonFinite !== "throw" && onNonFinite !== "skip") {
    throw new OptimizerOptionError("onNonFinite", '"throw" or "skip"', onNonFinite);
  }
  checkMicroBatches(microBatches);
  checkCollective(collective);
  if (!(typeof turn === "number" && turn >= 0 && turn < 1)) {
    throw new OptimizerOptionError("turn", "a fraction in [0, 1)", turn);
  }
  if (backend !== undefined && typeof (backend as { readonly allocate?: unknown } | null)?.allocate !== "function") {
    throw new OptimizerOptionError("backend", "a backend such as linalgBackend()", backend);
  }
}

/** See {@link createOptimizer}. */
export class Optimizer<T = LinalgMatrix, Source = LinalgSource> {
  readonly backend: Backend<T, Source>;
  private readonly onNonFinite: "throw" | "skip";
  private readonly microBatches: number;
  private readonly collective: Collective | undefined;
  private readonly planned: Plan;
  private readonly tracks: ReadonlyMap<string, Track<T>>;
  private readonly scratch: Scratch<T>;
  private readonly listeners: Listeners = new Listeners();
  private disposed = false;

  constructor(
    parameters: readonly Parameter<Source>[],
    options: Group | readonly Group[],
    backend: Backend<T, Source>,
    { onNonFinite = "throw", microBatches = 1, turn = 0, collective }: Omit<CreateOptions<T, Source>, "backend">,
  ) {
    checkParameters(parameters);
    const assignments = assignGroups(parameters, options);
    const weights = assignments.map((assignment, i) => weightOf(backend, assignment, parameters[i]!.data));
    if (collective !== undefined) {
      for (const [i, weight] of weights.entries()) checkEqualWeight(backend, collective, parameters[i]!.name, weight);
    }
    this.backend = backend;
    this.collective = collective;
    this.onNonFinite = onNonFinite;
    this.microBatches = microBatches;
    const { plan, scratchBytes } = planAssignments(assignments, backend.sizes, this.accumulates);
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
   * @throws {ParameterError} for an unknown name, {@link GradientShapeError}, {@link NonFiniteGradientError}, {@link StepFailedError}:
   * all before weights or state are changed.
   */
  stepParameter(name: string, gradient: Source): void {
    const track = this.track(name);
    this.apply(track, this.gradientOf(track, gradient));
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
    for (const { track, gradient } of given) this.apply(track, gradient);
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
   * @throws {SafetensorsError} @throws {CheckpointError} before anything is changed.
   */
  load(bytes: Uint8Array): void {
    this.alive();
    loadCheckpoint(this.backend, this.tracks, bytes);
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

  /** Steps first, and checks the gradient only if the step fails, to save a read-back. A bad gradient throws before any write. */
  private apply(track: Track<T>, gradient: WholeGradient<T>): void {
    const { scratch, listeners, microBatches, collective } = this;
    if (this.accumulates) {
      const usable = this.isUsable(track, gradient);
      if (!usable) track.skip(listeners);
      track.accumulate(usable ? gradient.matrix : undefined, microBatches, scratch, listeners, collective);
      return;
    }
    try {
      track.update(track.gradientsOf(gradient), scratch, listeners);
    } catch (error) {
      if (this.isUsable(track, gradient)) throw error;
      track.skip(listeners);
    }
  }

  /** Whether steps take the mean of several gradients. */
  private get accumulates(): boolean {
    return this.microBatches > 1 || this.collective !== undefined;
  }

  /** Whether a gradient is finite. @throws {NonFiniteGradientError} if one is not, here or on another rank, unless `onNonFinite` is `"skip"`. */
  private isUsable({ name, step }: Track<T>, gradient: WholeGradient<T>): boolean {
    const finite = gradient.isFinite();
    if (this.onNonFinite === "skip") return finite;
    const rank = this.collective && rankOfBadGradient(this.collective, finite);
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
