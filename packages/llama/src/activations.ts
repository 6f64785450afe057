import { sizeOfFloat32, sizeOfFloat64 } from "@sumo/linalg";
import { allocateBlocks, type Blocks, bytesOfBlocks, type Lengths } from "./blocks.ts";
import { headDim, type LlamaConfig, qkvWidth } from "./config.ts";
import { attentionScratch } from "./kernels/kernels.ts";
import type { Lease } from "./lease.ts";

/** What a pass works on: `batch` sequences of `length` tokens, by `threads` threads. */
export interface PassShape {
  readonly batch: number;
  readonly length: number;
  readonly threads: number;
  /** Keep only each layer's input and compute the rest again on the way back: less memory, a third more work. */
  readonly recompute: boolean;
}

/** What a layer keeps beside its input for the way back. */
export type KeptBlock = "qkv" | "attended" | "middle" | "gateUp" | "stats" | "inputInverse" | "postInverse";
/** What lives for a moment only, shared by all layers. */
type ForwardBlock = "last" | "lastInverse" | "normed" | "activated";
type BackwardBlock = "stream" | "branch" | "logits";

/** One layer's input `x`, [batch · length, dim], and what it keeps. */
type LayerActivations = Blocks<KeptBlock> & { readonly x: Float32Array };

/** What a forward pass works on. */
export interface ForwardActivations {
  readonly layers: readonly LayerActivations[];
  readonly shared: Blocks<ForwardBlock>;
  readonly tokens: Int32Array;
}

/** Everything that a pass holds in the engine's heap beside gradients. */
export interface Activations extends ForwardActivations {
  readonly shared: Blocks<ForwardBlock | BackwardBlock>;
  /** For attention, one a thread. */
  readonly scratch: readonly Float32Array[];
  readonly targets: Int32Array;
  /** One a row. */
  readonly losses: Float64Array;
}

/** Logits of this many rows exist at once: all of them for a small vocabulary, about 4 MiB for a large one. */
export function logitRows(config: LlamaConfig, { batch, length }: PassShape): number {
  return Math.min(batch * length, Math.max(64, Math.floor(2 ** 20 / config.vocabSize)));
}

/** What a layer keeps of `rows` rows beside its input. */
export function keptLengths(config: LlamaConfig, rows: number): Lengths<KeptBlock> {
  return {
    qkv: rows * qkvWidth(config),
    attended: rows * config.dim,
    middle: rows * config.dim,
    gateUp: rows * 2 * config.hidden,
    stats: rows * 2 * config.heads,
    inputInverse: rows,
    postInverse: rows,
  };
}

export function forwardLengths({ dim, hidden }: LlamaConfig, rows: number): Lengths<ForwardBlock> {
  return { last: rows * dim, lastInverse: rows, normed: rows * dim, activated: rows * hidden };
}

function sharedLengths(config: LlamaConfig, shape: PassShape): Lengths<ForwardBlock | BackwardBlock> {
  const rows = shape.batch * shape.length;
  return {
    ...forwardLengths(config, rows),
    stream: rows * config.dim,
    branch: rows * config.dim,
    logits: logitRows(config, shape) * config.vocabSize,
  };
}

const scratchLength = (config: LlamaConfig, { length }: PassShape): number => attentionScratch(length, headDim(config));

/** Bytes that {@link allocateActivations} takes. */
export function bytesOfActivations(config: LlamaConfig, shape: PassShape): number {
  const rows = shape.batch * shape.length;
  const sets = shape.recompute ? 1 : config.layers;
  return (
    config.layers * sizeOfFloat32(rows * config.dim) +
    sets * bytesOfBlocks(keptLengths(config, rows)) +
    bytesOfBlocks(sharedLengths(config, shape)) +
    shape.threads * sizeOfFloat32(scratchLength(config, shape)) +
    2 * sizeOfFloat32(rows) +
    sizeOfFloat64(rows)
  );
}

export function allocateActivations(config: LlamaConfig, shape: PassShape, lease: Lease): Activations {
  const rows = shape.batch * shape.length;
  const sets = Array.from({ length: shape.recompute ? 1 : config.layers }, () =>
    allocateBlocks(lease, keptLengths(config, rows)),
  );
  const layers = Array.from({ length: config.layers }, (_, layer) => ({
    ...sets[shape.recompute ? 0 : layer]!,
    x: lease.float32(rows * config.dim),
  }));
  return {
    layers,
    shared: allocateBlocks(lease, sharedLengths(config, shape)),
    scratch: Array.from({ length: shape.threads }, () => lease.float32(scratchLength(config, shape))),
    tokens: lease.int32(rows),
    targets: lease.int32(rows),
    losses: lease.float64(rows),
  };
}
