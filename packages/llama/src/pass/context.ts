import type { Engine } from "@sumo/linalg";
import type { LlamaConfig } from "../config.ts";
import type { AttentionShape, Kernels } from "../kernels/kernels.ts";
import type { Weights, WeightType } from "../weights/weights.ts";
import type { Activations, ForwardActivations, PassShape } from "./activations.ts";
import { type Crew, shareOf } from "./crew.ts";

/** The rows of the activations that one thread computes. */
export interface Span {
  readonly first: number;
  readonly rows: number;
  /** First row of the sequences that these rows belong to. */
  readonly base: number;
  /** First position to compute; keys and values of earlier positions are in the cache. */
  readonly start: number;
  /** Shape of the attention call: the sequences from `base` to the last row of the span. */
  readonly attention: AttentionShape;
}

/** The parts of a model that passes and decoders use. */
export interface ModelParts {
  readonly config: LlamaConfig;
  readonly engine: Engine;
  readonly kernels: Kernels;
  readonly weights: Weights;
  readonly dtype: WeightType;
}

/** Context of a forward pass on one thread: the model, the memory, and the thread's rows. */
export interface ForwardContext extends ModelParts {
  readonly activations: ForwardActivations;
  /** Scratch of this thread's attention, see `attentionScratch`. */
  readonly scratch: Float32Array;
  /** Room of this thread for a piece of a matrix in float32, see `panelLength`. */
  readonly panel: Float32Array;
  readonly span: Span;
}

/** Context of a forward and backward pass on one thread. */
export interface PassContext extends ForwardContext {
  readonly shape: PassShape;
  readonly activations: Activations;
  readonly crew: Crew;
}

/** Shape of attention over `batch` sequences of `length` rows. */
export function attentionShape(config: LlamaConfig, batch: number, length: number): AttentionShape {
  const { heads, kvHeads, headDim, normEps } = config;
  return { batch, length, heads, kvHeads, headDim, normEps };
}

/** A call of attention: its shape, and its first row. */
interface AttentionCall {
  readonly first: number;
  readonly shape: AttentionShape;
}

/** The calls of attention for the span's rows: one for all sequences, or one a document where a sequence has several, which do not see each other. */
export function attentionCalls({ config, span, activations }: ForwardContext): readonly AttentionCall[] {
  const { base, attention } = span;
  const { positions } = activations;
  const whole = [{ first: base, shape: attention }];
  if (positions === undefined) return whole;
  const end = base + attention.batch * attention.length;
  const starts: number[] = [];
  for (let row = base; row < end; row++) if (positions[row] === 0) starts.push(row);
  if (starts.length === attention.batch) return whole;
  return starts.map((first, i) => {
    return { first, shape: attentionShape(config, 1, (starts[i + 1] ?? end) - first) };
  });
}

/** Rows of the crew's member: whole sequences, so that a forward pass reads no other thread's rows. */
export function passSpan(config: LlamaConfig, { batch, length }: PassShape, crew: Crew): Span {
  const { from, to } = shareOf(crew, batch);
  const first = from * length;
  const attention = attentionShape(config, to - from, length);
  return { first, rows: (to - from) * length, base: first, start: 0, attention };
}
