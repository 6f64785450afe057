import { headDim, type LlamaConfig } from "../config.ts";
import type { Rotation } from "../kernels/kernels.ts";
import type { Arena } from "../memory/arena.ts";
import { allocateBlocks, type Blocks, bytesOfBlocks, type Lengths } from "../memory/blocks.ts";
import { type LayerBlock, layerLengths, type OuterBlock, outerLengths } from "./parameters.ts";
import { fillRotation } from "./rotation.ts";

/** Weights of a model and its table of rotary positions, in the engine's heap. */
export interface Weights {
  readonly layers: readonly Blocks<LayerBlock>[];
  /** A tied model's `head` is its `embedding`. */
  readonly outer: Blocks<OuterBlock>;
  readonly rotation: Rotation;
}

const rotationLengths = (config: LlamaConfig): Lengths<"cosines" | "sines"> => {
  const table = (config.context * headDim(config)) / 2;
  return { cosines: table, sines: table };
};

const ownHeadLengths = ({ vocabSize, dim, tied }: LlamaConfig): Lengths<string> =>
  tied ? {} : { head: vocabSize * dim };

/** Bytes that {@link allocateWeights} takes. */
export function bytesOfWeights(config: LlamaConfig): number {
  const outer = [outerLengths(config), ownHeadLengths(config), rotationLengths(config)];
  return (
    config.layers * bytesOfBlocks(layerLengths(config)) + outer.map(bytesOfBlocks).reduce((sum, bytes) => sum + bytes)
  );
}

/** Allocates the weights, zero, and fills the table of rotary positions. @throws {WorkspaceError} when the heap is full. */
export function allocateWeights(config: LlamaConfig, arena: Arena): Weights {
  const { embedding, norm } = allocateBlocks(arena, outerLengths(config));
  const head = config.tied ? embedding : arena.float32(config.vocabSize * config.dim);
  const layers = Array.from({ length: config.layers }, () => allocateBlocks(arena, layerLengths(config)));
  const rotation = allocateBlocks(arena, rotationLengths(config));
  fillRotation(config, rotation);
  return { layers, outer: { embedding, norm, head }, rotation };
}
