import type { LlamaConfig } from "../config.ts";
import type { Arena } from "../memory/arena.ts";
import { allocateBlocks, type Blocks, bytesOfBlocks, type Lengths } from "../memory/blocks.ts";
import { type LayerBlock, layerLengths, type OuterBlock, outerLengths } from "./parameters.ts";

/** Weights of a model, in the engine's heap. */
export interface Weights {
  readonly layers: readonly Blocks<LayerBlock>[];
  /** A tied model's `head` is its `embedding`. */
  readonly outer: Blocks<OuterBlock>;
}

const ownHeadLengths = ({ vocabSize, dim, tied }: LlamaConfig): Lengths<string> =>
  tied ? {} : { head: vocabSize * dim };

/** Bytes that {@link allocateWeights} takes. */
export function bytesOfWeights(config: LlamaConfig): number {
  const outer = bytesOfBlocks(outerLengths(config)) + bytesOfBlocks(ownHeadLengths(config));
  return config.layers * bytesOfBlocks(layerLengths(config)) + outer;
}

/** Allocates the weights, zero. @throws {WorkspaceError} when the heap is full. */
export function allocateWeights(config: LlamaConfig, arena: Arena): Weights {
  const { embedding, norm } = allocateBlocks(arena, outerLengths(config));
  const head = config.tied ? embedding : arena.float32(config.vocabSize * config.dim);
  const layers = Array.from({ length: config.layers }, () => allocateBlocks(arena, layerLengths(config)));
  return { layers, outer: { embedding, norm, head } };
}
