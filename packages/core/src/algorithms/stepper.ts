import type { Scratch } from "../backend/backend.ts";
import type { Facts } from "./facts.ts";
import type { Gradient, WholeGradient } from "./gradient.ts";
import type { Layout } from "./steps/scale.ts";

/** The memory that one `rows × cols` matrix takes under one optimizer, known before anything is allocated. */
export interface StepperPlan {
  /** State by name. Exactly these matrices are allocated, and saved; an adaptive rank may shrink them later. */
  readonly state: Readonly<Record<string, readonly [rows: number, cols: number]>>;
  /** Scratch of one step in bytes; parameters share it. */
  readonly scratchBytes: number;
  /** The options as resolved for this shape, e.g. a clamped rank. */
  readonly note?: string;
}

/** One step of one weight. */
export interface StepInput<T, G extends Gradient<T> = WholeGradient<T>> {
  readonly weight: T;
  readonly gradient: G;
  readonly lr: number;
  readonly scratch: Scratch<T>;
  /** Somebody listens to `step` or `refresh`: measure also what costs extra. */
  readonly watched: boolean;
}

/** Measurements of one step. Fields that an optimizer does not have, or that cost extra and nobody asked for, are absent. */
export interface StepTrace {
  /** Norm of the update before the learning rate. */
  readonly updateNorm?: number;
  /** The update's direction was orthogonalized. */
  readonly orthogonalized?: boolean;
  /** ‖Qᵀ G‖² / ‖G‖²: the share of the gradient's energy in the subspace. */
  readonly captured?: number;
  /** The share that a random subspace of this rank holds on average: below it a basis is worse than none. */
  readonly capturedByChance?: number;
  /** Singular values of the matrix that was orthogonalized, descending. */
  readonly spectrum?: Float64Array;
  /** ‖O Oᵀ O − O‖ per direction. */
  readonly orthogonality?: number;
  /** A limit on its growth or its length shortened this update. */
  readonly limited?: boolean;
  readonly refresh?: RefreshTrace;
}

/** Measurements of a change of subspace. */
export interface RefreshTrace {
  /** The first basis of this parameter. */
  readonly first: boolean;
  /** Dimension of the new subspace. */
  readonly rank: number;
  /** ‖R M‖ / ‖M‖: the share of the moment that the new subspace keeps. 1 for the first. */
  readonly retention: number;
  /** Principal angles between the old and the new subspace in radians, ascending. */
  readonly angles?: Float64Array;
  /** Estimated leading singular values of the gradient. */
  readonly spectrum?: Float64Array;
}

/** The optimizer of one matrix: its state, and its step. */
export interface Stepper<T> {
  /** Steps taken. */
  readonly step: number;
  /**
   * Takes one step: reads the gradient, changes the weight and the state. A projected gradient comes only from {@link subspaceSum}.
   *
   * Asks for the norm of a whole gradient before it writes, and after whatever else it reads, so that one read-back may bring both.
   *
   * @throws before it changes either; also for a gradient that is not finite.
   */
  update(input: StepInput<T, Gradient<T>>): StepTrace;
  /** How micro-batches of the next step are summed in less room than a gradient takes; `undefined` if the step needs all of it. */
  subspaceSum?(): SubspaceSum<T> | undefined;
  /** The matrices that hold the state now. */
  readonly state: Readonly<Record<string, T>>;
  /** The shapes of `state` that go with such facts. @throws if a fact is missing or impossible. */
  stateShapes(facts: Facts): Readonly<Record<string, readonly [rows: number, cols: number]>>;
  /** The rest of the state, as JSON. */
  facts(): Facts;
  /** The inverse of `facts`; `state` then has the shapes that go with it, and garbage until it is written. @throws as `stateShapes`. */
  restore(facts: Facts): void;
}

/** A sum of projected gradients, `rows × cols`. */
export interface SubspaceSum<T> {
  readonly rows: number;
  readonly cols: number;
  /** out ← the projection of `gradient` + beta out. */
  add(out: T, gradient: T, beta: 0 | 1): void;
}

/** The position of a matrix among those of the same optimizer. */
export interface Place {
  /** Stream of the random numbers; depends on the parameter's name alone. */
  readonly stream: number;
  /** Index among the `count` matrices of the same optimizer. */
  readonly index: number;
  readonly count: number;
  readonly layout: Layout;
}
