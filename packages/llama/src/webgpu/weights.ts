import type { LlamaConfig } from "../config.ts";
import {
  type LayerBlock,
  layerLengths,
  layerParts,
  lengthOf,
  type OuterBlock,
  outerLengths,
  outerParts,
  type Part,
} from "../weights/parameters.ts";
import type { GpuArena, GpuBlocks } from "./arena.ts";
import { type GpuArray, slice } from "./gpu.ts";

/** Weights of a model on a GPU, in the blocks in which they lie in a heap. */
export interface GpuWeights {
  readonly layers: readonly GpuBlocks<LayerBlock>[];
  /** A tied model's `head` is its `embedding`. */
  readonly outer: GpuBlocks<OuterBlock>;
  /** Each parameter by name, as a slice of a block. */
  readonly parameters: ReadonlyMap<string, GpuArray>;
}

/** The array of a parameter, or of its gradient, in its block. */
export function sliceOf<Block extends string>(part: Part<Block>, blocks: GpuBlocks<Block>): GpuArray {
  return slice(blocks[part.block], part.offset, lengthOf(part));
}

/** Allocates the weights, zero. @throws {InputError} for a block above the device's limit. */
export function allocateWeights(config: LlamaConfig, arena: GpuArena): GpuWeights {
  const { embedding, norm } = arena.blocks(outerLengths(config));
  const head = config.tied ? embedding : arena.array(config.vocabSize * config.dim);
  const outer = { embedding, norm, head };
  const layers = Array.from({ length: config.layers }, () => arena.blocks(layerLengths(config)));
  const parameters = new Map([
    ...Object.values(outerParts(config)).map((part) => [part.name, sliceOf(part, outer)] as const),
    ...layers.flatMap((blocks, layer) =>
      layerParts(config, layer).map((part) => [part.name, sliceOf(part, blocks)] as const),
    ),
  ]);
  return { layers, outer, parameters };
}
