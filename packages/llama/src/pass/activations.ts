import { sizeOfFloat32, sizeOfFloat64 } from "@sumo/linalg";
import { attendedWidth, type LlamaConfig, qkvWidth } from "../config.ts";
import { attentionScratch, type Rotation } from "../kernels/kernels.ts";
import type { Arena } from "../memory/arena.ts";
import { allocateBlocks, type Blocks, bytesOfBlocks, type Lengths } from "../memory/blocks.ts";
import { allocateRotation, bytesOfRotation } from "../weights/rotation.ts";
import { panelLength, type WeightType } from "../weights/weights.ts";

/** Shape of a pass: `batch` sequences of `length` tokens, on `threads` threads. */
export interface PassShape {
  readonly batch: number;
  readonly length: number;
  readonly threads: number;
  /** Whether the backward pass recomputes activations from each layer's input: less memory, a third more work. */
  readonly recompute: boolean;
  /** Type of the weights. */
  readonly dtype: WeightType;
}

/** Activations of a layer, without its input, that are kept for the backward pass. */
export type KeptBlock = "qkv" | "attended" | "middle" | "gateUp" | "stats" | "inputInverse" | "postInverse";
/** Temporaries that all layers share. The backward pass keeps the gradient of `attended` in `activated`, which is then free. */
type ForwardBlock = "last" | "lastInverse" | "normed" | "activated";
type BackwardBlock = "stream" | "branch" | "logits" | "headNormSums";

/** Activations of one layer; `x` is its input, [batch · length, dim]. */
type LayerActivations = Blocks<KeptBlock> & { readonly x: Float32Array };

/** Memory of a forward pass. */
export interface ForwardActivations {
  readonly layers: readonly LayerActivations[];
  readonly shared: Blocks<ForwardBlock>;
  readonly rotation: Rotation;
  readonly tokens: Int32Array;
  /** Position of each row in its document. Without it each sequence is one. */
  readonly positions?: Int32Array;
}

/** Memory of a forward and backward pass in the engine's heap, without gradients. */
export interface Activations extends ForwardActivations {
  readonly shared: Blocks<ForwardBlock | BackwardBlock>;
  /** Scratch of attention, one a thread. */
  readonly scratch: readonly Float32Array[];
  /** Panels of weights, one a thread. */
  readonly panels: readonly Float32Array[];
  readonly targets: Int32Array;
  readonly positions: Int32Array;
  /** Cross-entropy of each row. */
  readonly losses: Float64Array;
}

/** Rows of one chunk of logits: all rows for a small vocabulary, about 4 MiB for a large one. */
export function logitRows(config: LlamaConfig, { batch, length }: PassShape): number {
  return Math.min(batch * length, Math.max(64, Math.floor(2 ** 20 / config.vocabSize)));
}

/** Lengths of a layer's activations for `rows` rows. */
export function keptLengths(config: LlamaConfig, rows: number): Lengths<KeptBlock> {
  return {
    qkv: rows * qkvWidth(config),
    attended: rows * attendedWidth(config),
    middle: rows * config.dim,
    gateUp: rows * 2 * config.hidden,
    stats: rows * 2 * config.heads,
    inputInverse: rows,
    postInverse: rows,
  };
}

/** Lengths of the temporaries of a forward pass over `rows` rows. */
export function forwardLengths({ dim, hidden }: LlamaConfig, rows: number): Lengths<ForwardBlock> {
  return { last: rows * dim, lastInverse: rows, normed: rows * dim, activated: rows * hidden };
}

function sharedLengths(config: LlamaConfig, shape: PassShape): Lengths<ForwardBlock | BackwardBlock> {
  const rows = shape.batch * shape.length;
  return {
    ...forwardLengths(config, rows),
    activated: rows * Math.max(config.hidden, attendedWidth(config)),
    stream: rows * config.dim,
    branch: rows * config.dim,
    logits: logitRows(config, shape) * config.vocabSize,
    headNormSums: config.qkNorm ? shape.batch * 2 * config.headDim : 0,
  };
}

const scratchLength = (config: LlamaConfig, { length }: PassShape): number => attentionScratch(length, config.headDim);

/** Bytes that {@link allocateActivations} takes. */
export function bytesOfActivations(config: LlamaConfig, shape: PassShape): number {
  const rows = shape.batch * shape.length;
  const sets = shape.recompute ? 1 : config.layers;
  return (
    config.layers * sizeOfFloat32(rows * config.dim) +
    sets * bytesOfBlocks(keptLengths(config, rows)) +
    bytesOfBlocks(sharedLengths(config, shape)) +
    bytesOfRotation(config, shape.length) +
    shape.threads * sizeOfFloat32(scratchLength(config, shape)) +
    shape.threads * sizeOfFloat32(panelLength(config, shape.dtype)) +
    3 * sizeOfFloat32(rows) +
    sizeOfFloat64(rows)
  );
}

/** Allocates the memory of a pass. @throws {WorkspaceError} when the heap is full. */
export function allocateActivations(config: LlamaConfig, shape: PassShape, arena: Arena): Activations {
  const rows = shape.batch * shape.length;
  const sets = Array.from({ length: shape.recompute ? 1 : config.layers }, () =>
    allocateBlocks(arena, keptLengths(config, rows)),
  );
  const layers = Array.from({ length: config.layers }, (_, layer) => ({
    ...sets[shape.recompute ? 0 : layer]!,
    x: arena.float32(rows * config.dim),
  }));
  return {
    layers,
    shared: allocateBlocks(arena, sharedLengths(config, shape)),
    rotation: allocateRotation(config, shape.length, arena),
    scratch: Array.from({ length: shape.threads }, () => arena.float32(scratchLength(config, shape))),
    panels: Array.from({ length: shape.threads }, () => arena.float32(panelLength(config, shape.dtype))),
    tokens: arena.int32(rows),
    targets: arena.int32(rows),
    positions: arena.int32(rows),
    losses: arena.float64(rows),
  };
}
