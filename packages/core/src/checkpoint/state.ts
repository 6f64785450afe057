import type { Facts } from "../algorithms/facts.ts";

/** Version of the format, incremented whenever an older file would be misread. See `migration.ts`. */
export const CHECKPOINT_VERSION = 5;

/** JSON part of a checkpoint, without the tensors. */
export interface CheckpointState {
  readonly version: number;
  /** States by matrix: a parameter's name, or its name and `#i`. */
  readonly matrices: Readonly<Record<string, MatrixState>>;
  /** Counters by parameter. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface MatrixState {
  /** The options of the saved optimizer, with defaults filled in. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly facts: Facts;
}

/** A tensor of a checkpoint, which is read when it is needed. */
export interface StateTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Fills `out` with its numbers, float32. */
  read(out: Float32Array): void;
}
