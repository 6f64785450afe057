import type { Scratch } from "../backend/backend.ts";
import type { Layout } from "../optimizer/parameter.ts";

/** What one matrix of `rows × cols` takes under one optimizer, before anything is allocated. */
export interface RulePlan {
  /** State by name. Exactly these matrices are allocated, and saved; an adaptive rank may shrink them later. */
  readonly state: Readonly<Record<string, readonly [rows: number, cols: number]>>;
  /** Scratch of one step in bytes; parameters share it. */
  readonly scratchBytes: number;
  /** What the options became for this shape, e.g. a clamped rank. */
  readonly note?: string;
}

/** One gradient on its way into one weight. */
export interface StepInput<T> {
  readonly weight: T;
  /** Read only, finite. */
  readonly gradient: T;
  /** ‖gradient‖, already computed for the check. */
  readonly gradientNorm: number;
  readonly lr: number;
  readonly scratch: Scratch<T>;
  /** Somebody listens: measure what costs extra. */
  readonly watched: boolean;
}

/** A gradient of which only what `projectInto` gave is known, on its way into one weight. */
export interface ProjectedInput<T> extends Omit<StepInput<T>, "gradient" | "gradientNorm"> {
  readonly projected: T;
}

/** What a step tells. Fields that an optimizer does not have, or that cost extra and nobody asked for, are absent. */
export interface StepTrace {
  /** Norm of the update before the learning rate. */
  readonly updateNorm?: number;
  /** The update's direction was orthogonalized. */
  readonly orthogonalized?: boolean;
  /** ‖Qᵀ G‖² / ‖G‖², what the subspace holds of the gradient's energy. */
  readonly captured?: number;
  /** What a random subspace of this rank would hold of it: below this a basis is worse than none. */
  readonly capturedByChance?: number;
  /** Singular values of what was orthogonalized, descending. */
  readonly spectrum?: Float64Array;
  /** ‖O Oᵀ O − O‖ per direction. */
  readonly orthogonality?: number;
  /** A limit on its growth or its length shortened this update. */
  readonly limited?: boolean;
  readonly refresh?: RefreshTrace;
}

/** What a change of subspace tells. */
export interface RefreshTrace {
  /** The first basis of this parameter. */
  readonly first: boolean;
  /** Dimension of the new subspace. */
  readonly rank: number;
  /** ‖R M‖ / ‖M‖: how much of the moment the new subspace keeps. 1 for the first. */
  readonly retention: number;
  /** Principal angles between the old and the new subspace in radians, ascending. */
  readonly angles?: Float64Array;
  /** Estimated leading singular values of the gradient. */
  readonly spectrum?: Float64Array;
}

/** State that is not a matrix: plain JSON. */
export type Facts = Readonly<Record<string, number | string>>;

/** One parameter's optimizer: its state, and how it takes a step. */
export interface Stepper<T> {
  /** Steps taken. */
  readonly step: number;
  /**
   * Takes one step: reads the gradient, changes the weight and the state.
   * Whatever it throws, it throws before it changes either.
   */
  update(input: StepInput<T>): StepTrace;
  /** The next step needs no norm of its gradient, and refuses by itself a gradient that is not finite. */
  refusesItself?(watched: boolean): boolean;
  /** `update` with a gradient that nobody has checked. Only while `refusesItself`. */
  updateUnchecked?(input: Omit<StepInput<T>, "gradientNorm">): StepTrace;
  /** The shape of what the next step needs of its gradient, where that is smaller than the gradient and linear in it. */
  projectedShape?(): readonly [rows: number, cols: number] | undefined;
  /** out ← that part of `gradient` + beta out. Only while `projectedShape` is defined. */
  projectInto?(out: T, gradient: T, beta: 0 | 1): void;
  /** `update` with a gradient of which only that part is known. */
  updateProjected?(input: ProjectedInput<T>): StepTrace;
  /** The matrices that hold the state now. */
  readonly state: Readonly<Record<string, T>>;
  /** The shapes of `state` that go with such facts. @throws if a fact is missing or impossible. */
  stateShapes(facts: Facts): Readonly<Record<string, readonly [rows: number, cols: number]>>;
  /** The rest of the state, as JSON. */
  facts(): Facts;
  /** The inverse of `facts`; `state` then has the shapes that go with it, and garbage until it is written. @throws as `stateShapes`. */
  restore(facts: Facts): void;
}

/** Where a matrix stands among its peers. */
export interface Place {
  /** Names its random numbers; depends on the parameter's name alone. */
  readonly stream: number;
  /** Index among the `count` matrices of the same optimizer. */
  readonly index: number;
  readonly count: number;
  readonly layout: Layout;
}

/** A whole number >= 0 from saved facts. @throws {TypeError} if it is not there. */
export function countFact(facts: Facts, name: string): number {
  const value = facts[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new TypeError(`expected a whole number for ${name}, got ${String(value)}`);
  }
  return value as number;
}

/** A finite number from saved facts. @throws {TypeError} if it is not there. */
export function numberFact(facts: Facts, name: string): number {
  const value = facts[name];
  if (!Number.isFinite(value)) throw new TypeError(`expected a number for ${name}, got ${String(value)}`);
  return value as number;
}

/** Norms from here on have squares that, with their sums, float32 cannot hold. */
const SQUARE_LIMIT = 2 ** 63;

/** An optimizer that keeps squares would keep infinity for ever, and the weight would never move again. @throws {RangeError} */
export function checkSquare(gradientNorm: number): void {
  if (gradientNorm >= SQUARE_LIMIT)
    throw new RangeError(`the gradient's norm is ${gradientNorm}; its square overflows float32`);
}

/** An update that no float32 can hold must not reach a weight. @throws {RangeError} */
export function finiteUpdate(norm: number): number {
  if (!Number.isFinite(norm)) throw new RangeError("the update overflows float32");
  return norm;
}
