import type { Facts } from "../algorithms/facts.ts";

/** Goes up whenever an older file would be misread. See `migration.ts`. */
export const CHECKPOINT_VERSION = 3;

/** Everything of a checkpoint that is not a tensor. */
export interface CheckpointState {
  readonly version: number;
  /** By matrix: a parameter's name, or its name and `#i`. */
  readonly matrices: Readonly<Record<string, MatrixState>>;
  /** By parameter. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface MatrixState {
  /** The options under which it was written, defaults filled in. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly facts: Facts;
}
