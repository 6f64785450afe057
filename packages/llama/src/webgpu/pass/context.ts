import { attendedWidth, type LlamaConfig, qkvWidth } from "../../config.ts";
import { Arena } from "../../memory/arena.ts";
import type { Lengths } from "../../memory/blocks.ts";
import type { Llama } from "../../model.ts";
import { type LayerBlock, layerLengths, type OuterBlock, outerLengths } from "../../weights/parameters.ts";
import { allocateRotation } from "../../weights/rotation.ts";
import type { GpuArena, GpuBlocks } from "../arena.ts";
import { type Gpu, type GpuArray, slice } from "../gpu.ts";
import type { AttentionSizes } from "../kernels/attention.ts";
import type { GpuWeights } from "../weights.ts";

/** Activations of a layer, without its input, that are kept for the backward pass; queries and keys of `qkv` are rotated. */
type KeptBlock = "qkv" | "attended" | "logSums" | "middle" | "gateUp" | "inputInverse" | "postInverse";
/** Temporaries that all layers share. */
type SharedBlock =
  | "last"
  | "lastInverse"
  | "normed"
  | "activated"
  | "stream"
  | "branch"
  | "logits"
  | "dQkv"
  | "pulls"
  | "losses"
  | "scale";

/** Gradients on the device. All layers use `layer` in turn; the gradients of head and embedding share an array. */
interface GpuGradients {
  readonly layer: GpuBlocks<LayerBlock>;
  readonly outer: GpuBlocks<OuterBlock>;
}

/** What the commands of a pass work on. */
export interface GpuContext {
  readonly gpu: Gpu;
  readonly config: LlamaConfig;
  readonly weights: GpuWeights;
  /** Sequences × their length. */
  readonly rows: number;
  readonly sizes: AttentionSizes;
  /** Whether layers share their activations, which the backward pass then computes again. */
  readonly recompute: boolean;
  /** `x` is a layer's input, [rows, dim]. */
  readonly layers: readonly (GpuBlocks<KeptBlock> & { readonly x: GpuArray })[];
  readonly shared: GpuBlocks<SharedBlock>;
  /** Gradient of `attended`, in the memory of `activated`, which is then free. */
  readonly dAttended: GpuArray;
  readonly rotation: GpuBlocks<"cosines" | "sines">;
  readonly tokens: GpuArray;
  readonly targets: GpuArray;
  readonly gradients: GpuGradients;
}

/** Elements of a chunk of logits, at most, unless 64 rows have more: 16 MiB. */
const MOST_LOGITS = 2 ** 22;

/** Rows of one chunk of logits: a multiple of 64, so that chunks begin where a binding may. */
export function logitRows({ vocabSize }: LlamaConfig, rows: number): number {
  return Math.min(rows, Math.max(64, 64 * Math.floor(MOST_LOGITS / vocabSize / 64)));
}

function keptLengths(config: LlamaConfig, rows: number): Lengths<KeptBlock> {
  return {
    qkv: rows * qkvWidth(config),
    attended: rows * attendedWidth(config),
    logSums: rows * config.heads,
    middle: rows * config.dim,
    gateUp: rows * 2 * config.hidden,
    inputInverse: rows,
    postInverse: rows,
  };
}

function sharedLengths(config: LlamaConfig, rows: number): Lengths<SharedBlock> {
  const { dim, hidden, heads, vocabSize } = config;
  return {
    last: rows * dim,
    lastInverse: rows,
    normed: rows * dim,
    activated: rows * Math.max(hidden, attendedWidth(config)),
    stream: rows * dim,
    branch: rows * dim,
    logits: logitRows(config, rows) * vocabSize,
    dQkv: rows * qkvWidth(config),
    pulls: rows * heads,
    losses: rows,
    scale: 1,
  };
}

/** Allocates the memory of a pass. @throws {InputError} for an array above the device's limit. */
export function allocateContext(
  gpu: Gpu,
  model: Llama,
  weights: GpuWeights,
  shape: { readonly batch: number; readonly length: number; readonly recompute: boolean },
  arena: GpuArena,
): GpuContext {
  const { config } = model;
  const { batch, length, recompute } = shape;
  const { heads, kvHeads, headDim } = config;
  const rows = batch * length;
  const sets = Array.from({ length: recompute ? 1 : config.layers }, () => arena.blocks(keptLengths(config, rows)));
  const layers = Array.from({ length: config.layers }, (_, layer) => ({
    ...sets[recompute ? 0 : layer]!,
    x: arena.array(rows * config.dim),
  }));
  const shared = arena.blocks(sharedLengths(config, rows));
  const { embedding, norm } = arena.blocks(outerLengths(config));
  return {
    gpu,
    config,
    weights,
    rows,
    sizes: { batch, length, heads, kvHeads, headDim },
    recompute,
    layers,
    shared,
    dAttended: slice(shared.activated, 0, rows * attendedWidth(config)),
    rotation: uploadRotation(model, length, arena),
    tokens: arena.array(rows),
    targets: arena.array(rows),
    gradients: { layer: arena.blocks(layerLengths(config)), outer: { embedding, norm, head: embedding } },
  };
}

function uploadRotation({ config, engine }: Llama, length: number, arena: GpuArena): GpuContext["rotation"] {
  const onHost = new Arena(engine.heap);
  try {
    const { cosines, sines } = allocateRotation(config, length, onHost);
    return { cosines: arena.upload(cosines), sines: arena.upload(sines) };
  } finally {
    onHost.release();
  }
}
