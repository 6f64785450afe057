/**
 * Contract of communication among the ranks of a data-parallel run.
 *
 * All ranks call the same operations in the same order, with equal lengths and types; an operation returns when this rank's part is done.
 * Arrays are used in place: views of WebAssembly memory, shared or not, are not copied by the caller. Results have the same bits on every
 * rank. Sums of float32 and float64 are rounded in that type, those of whole numbers wrap; `max` of NaN is undefined. A sum over two ranks has the
 * bits of `a + b`; the order of more is the implementation's.
 *
 * Bad arguments throw before anything is sent or written. A rank that cannot go on has to {@link abort}, or the others wait for it.
 */
export interface Collective {
  /** Name for reports, e.g. `"threads"`. */
  readonly name: string;
  /** This rank, in [0, size). */
  readonly rank: number;
  readonly size: number;
  /** values ← the reduction of all ranks' `values`. */
  allReduce(values: CollectiveArray, reduction: Reduction): void;
  /** Starts {@link allReduce}. Until `wait` has returned, `values` must be neither read nor written, nor its WebAssembly memory grown. */
  allReduceStart(values: CollectiveArray, reduction: Reduction): PendingReduction;
  /**
   * Starts values of rank `root` ← the reduction of all ranks' `values`, which those of the other ranks keep. Until `wait` has returned, as
   * {@link allReduceStart}.
   */
  reduceStart(values: CollectiveArray, reduction: Reduction, root: number): PendingReduction;
  /** out ← block `rank` of the reduction of all ranks' `values`, which hold `size` blocks of `out.length`. No overlap. */
  reduceScatter(out: CollectiveArray, values: CollectiveArray, reduction: Reduction): void;
  /** out ← all ranks' `values`, in rank order. No overlap. */
  allGather(out: CollectiveArray, values: CollectiveArray): void;
  /** values ← those of rank `root`. */
  broadcast(values: CollectiveArray, root: number): void;
  /** Returns once every rank has called it. */
  barrier(): void;
  /** Ends the run on all ranks: processes exit with `exitCode`, and threads throw, this one at once and the others at their next operation. */
  abort(exitCode?: number): never;
}

/** Arrays that ranks exchange. */
export type CollectiveArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** How the ranks' numbers are joined: their sum, or the largest. */
export type Reduction = "sum" | "max";

/** A reduction under way. */
export interface PendingReduction {
  /** Returns once the result is in the array, or, on a rank that gets none, once the array may be used again. Further calls do nothing. */
  wait(): void;
}
