import type { Checkpoint, LogLine, RunConfig } from "@sumo/trainer/training";

/** A line of the log as this page writes it. */
export interface Line extends LogLine {
  /** ‖Qᵀ G‖² / ‖G‖², mean over the matrices. */
  readonly captured?: number;
  /** Subspaces that this step computed anew. */
  readonly refreshes?: number;
  /** What the model writes at this moment. */
  readonly sample?: string;
}

/** The singular values of what was orthogonalized for one matrix, descending. */
export interface Spectrum {
  readonly parameter: string;
  readonly values: Float64Array;
  readonly condition: number;
}

/** Everything that a worker needs to begin a run or to go on with it. */
export interface Opening {
  readonly kind: "open";
  readonly config: RunConfig;
  /** The text of its `tokenizer.json`. */
  readonly tokenizer: string;
  readonly text: Uint8Array;
  /** Absent at the beginning. */
  readonly checkpoint: Checkpoint | undefined;
  /** Threads to train on; more than one need shared memory. The bits do not depend on it. */
  readonly threads: number;
  /** What the log has so far. */
  readonly lines: readonly Line[];
}

/** What the page tells a worker. */
export type Order = Opening | { readonly kind: "go" | "step" | "pause" | "save" };

/** What a worker tells the page. `stopped` comes after every `go` and `step`, `saved` before it. */
export type News =
  | { readonly kind: "opened" }
  | { readonly kind: "logged"; readonly lines: readonly Line[]; readonly spectra: readonly Spectrum[] | undefined }
  | { readonly kind: "saved"; readonly checkpoint: Checkpoint }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly message: string };
