import type { CheckpointBytes, LogLine, RunConfig } from "@sumo/training";

/** A log line with fields for the page's charts. */
export interface Line extends LogLine {
  /** Captured energy ‖Qᵀ G‖² / ‖G‖², mean over the matrices. */
  readonly captured?: number;
  /** Number of subspaces that the step refreshed. */
  readonly refreshes?: number;
  /** Text sampled from the model after the step. */
  readonly sample?: string;
}

/** Singular values of the matrix that was orthogonalized for one parameter, descending. */
export interface Spectrum {
  readonly parameter: string;
  readonly values: Float64Array;
  readonly condition: number;
}

/** Message that opens a run in a worker, new or from a checkpoint. */
export interface Opening {
  readonly kind: "open";
  readonly config: RunConfig;
  /** The text of its `tokenizer.json`. */
  readonly tokenizer: string;
  readonly text: Uint8Array;
  /** Absent for a new run. */
  readonly checkpoint: CheckpointBytes | undefined;
  /** Threads of a pass; more than one need shared memory. Results have the same bits for every number. */
  readonly threads: number;
  /** The log up to the checkpoint. */
  readonly lines: readonly Line[];
}

/** Messages from the page to a worker. */
export type Order = Opening | { readonly kind: "go" | "step" | "pause" | "save" };

/** Messages from a worker to the page. `stopped` follows every `go` and `step`, and `saved` comes before it. */
export type News =
  | { readonly kind: "opened" }
  | { readonly kind: "logged"; readonly lines: readonly Line[]; readonly spectra: readonly Spectrum[] | undefined }
  | { readonly kind: "saved"; readonly checkpoint: CheckpointBytes }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly message: string };
