import type { Engine } from "@sumo/linalg";
import type { Activations, ForwardActivations, PassShape } from "./activations.ts";
import { headDim, type LlamaConfig } from "./config.ts";
import { type Crew, shareOf } from "./crew.ts";
import type { AttentionShape, Kernels } from "./kernels/kernels.ts";
import type { Weights } from "./weights.ts";

/** The rows of the activations that one thread computes. */
export interface Span {
  readonly first: number;
  readonly rows: number;
  /** The row with which the sequences of these rows begin. */
  readonly base: number;
  /** First position to compute; the keys and values of those before it are there already. */
  readonly start: number;
  /** The sequences from `base` on, up to the last row of the span. */
  readonly attention: AttentionShape;
}

/** A model as its passes and readers see it. */
export interface ModelParts {
  readonly config: LlamaConfig;
  readonly engine: Engine;
  readonly kernels: Kernels;
  readonly weights: Weights;
}

/** What a forward step needs, on one thread. */
export interface ForwardRun extends ModelParts {
  readonly activations: ForwardActivations;
  /** For attention. */
  readonly scratch: Float32Array;
  readonly span: Span;
}

/** What every step of a pass needs, on one thread. */
export interface Run extends ForwardRun {
  readonly shape: PassShape;
  readonly activations: Activations;
  readonly crew: Crew;
}

/** This thread's part of a pass: whole sequences, so that a forward pass needs no other thread's rows. */
export function passSpan(config: LlamaConfig, { batch, length }: PassShape, crew: Crew): Span {
  const { from, to } = shareOf(crew, batch);
  const { heads, kvHeads } = config;
  const first = from * length;
  const attention = { batch: to - from, length, heads, kvHeads, headDim: headDim(config) };
  return { first, rows: (to - from) * length, base: first, start: 0, attention };
}
