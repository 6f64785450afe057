import type { Scratch } from "../backend/backend.ts";
import type { Facts } from "./facts.ts";
import type { Gradient, WholeGradient } from "./gradient.ts";
import type { Layout } from "./steps/scale.ts";

/** Planned memory of one matrix under one optimizer. */
export interface StepperPlan {
  /** Shapes of the state's matrices by name. They are allocated and saved; an adaptive rank may shrink them later. */
  readonly state: Readonly<Record<string, readonly [rows: number, cols: number]>>;
  /** Bytes of scratch of one step, shared by all parameters. */
  readonly scratchBytes: number;
  /** Shape of the projection that micro-batches and ranks sum in a step that keeps its subspace. Absent where every step needs the whole gradient. */
  readonly projection?: readonly [rows: number, cols: number];
  /** Names of the state's matrices that a projection needs, so that every rank keeps them where the others have an owner. */
  readonly replicated?: readonly string[];
  /** Whether the update of a projected gradient has the projection's shape, so that other ranks can `descendAlong` it. Default false. */
  readonly followed?: boolean;
  /** The options as resolved for this shape, e.g. a clamped rank. */
  readonly note?: string;
}

/** One step of one weight. */
export interface StepInput<T, G extends Gradient<T> = WholeGradient<T>> {
  readonly weight: T;
  readonly gradient: G;
  readonly lr: number;
  readonly scratch: Scratch<T>;
  /** Whether there are listeners to `step` or `refresh`, for whom costly measurements are made. */
  readonly watched: boolean;
  /** Receives the update of a projected gradient, for the `descendAlong` of other ranks. May be the gradient's matrix. Only where the plan says `followed`. */
  readonly direction?: T | undefined;
}

/** Measurements of one step. Fields are absent where an optimizer lacks them, or where they are costly and there is no listener. */
export interface StepTrace {
  /** Norm of the update before the learning rate. */
  readonly updateNorm?: number;
  /** Whether the update's direction was orthogonalized. */
  readonly orthogonalized?: boolean;
  /** ‖Qᵀ G‖² / ‖G‖²: the share of the gradient's energy in the subspace. */
  readonly captured?: number;
  /** Mean share in a random subspace of this rank; a basis below it is worse than none. */
  readonly capturedByChance?: number;
  /** Singular values of the matrix that was orthogonalized, descending. */
  readonly spectrum?: Float64Array;
  /** ‖O Oᵀ O − O‖ per direction. */
  readonly orthogonality?: number;
  /** Whether the growth limit or a limit on its norm shortened this update. */
  readonly limited?: boolean;
  readonly refresh?: RefreshTrace;
}

/** Measurements of a change of subspace. */
export interface RefreshTrace {
  /** Whether this is the parameter's first basis. */
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

/** State and step of the optimizer of one matrix. */
export interface Stepper<T> {
  /** Steps taken. */
  readonly step: number;
  /**
   * Takes one step: reads the gradient, changes the weight and the state. A projected gradient comes only from {@link subspaceSum}.
   *
   * Calls the norm of a whole gradient after its other reads, and before it writes, so that one read-back may download both.
   *
   * @throws before any write; also for a gradient that is not finite.
   */
  update(input: StepInput<T, Gradient<T>>): StepTrace;
  /** Sum of projected micro-batches for the next step; `undefined` if the step needs the whole gradient. */
  subspaceSum?(): SubspaceSum<T> | undefined;
  /**
   * Changes the weight as a step of a projected gradient did on another rank, of which it gave `direction`. The state stays as it is, of which
   * only the replicated part is needed. Present where the plan says `followed`.
   */
  descendAlong?(weight: T, direction: T, lr: number): void;
  /** The state's current matrices: on a rank that does not own it, only the replicated ones. */
  readonly state: Readonly<Record<string, T>>;
  /** Shapes of `state` under given facts. @throws if a fact is missing or invalid. */
  stateShapes(facts: Facts): Readonly<Record<string, readonly [rows: number, cols: number]>>;
  /** The rest of the state, as JSON. */
  facts(): Facts;
  /** Inverse of `facts`. `state` then has the shapes of these facts, and undefined contents until it is written. @throws as `stateShapes`. */
  restore(facts: Facts): void;
}

/** Projection of gradients, `rows × cols`, which are then summed. Scratch of a step has room for one. */
export interface SubspaceSum<T> {
  readonly rows: number;
  readonly cols: number;
  /** out ← the projection of `gradient`. */
  project(out: T, gradient: T): void;
}

/** Position of a matrix among those of the same optimizer. */
export interface Place {
  /** Stream of the random numbers; depends on the parameter's name alone. */
  readonly stream: number;
  /** Place among the `count` matrices of the same optimizer, between two of them where the optimizer has a `turn`. */
  readonly index: number;
  readonly count: number;
  readonly layout: Layout;
}
