import type { LlamaConfig } from "../config.ts";
import type { Arena } from "../memory/arena.ts";
import { allocateBlocks, type Blocks, bytesOfBlocks } from "../memory/blocks.ts";
import {
  halfGradients,
  type LayerBlock,
  type LayerHalf,
  layerLengths,
  type OuterBlock,
  outerLengths,
  outerParameters,
  type Parameter,
} from "../weights/parameters.ts";

/** A group of gradients that are complete at the same time. */
export type GradientGroup = "head" | "norm" | "embedding" | { readonly layer: number; readonly half: LayerHalf };

/** Gradient buffers. All layers use `layer` in turn; the gradients of head and embedding share a block. */
export interface Gradients {
  readonly layer: Blocks<LayerBlock>;
  readonly outer: Blocks<OuterBlock>;
  /** The gradients of a group, as named views of the same memory. */
  group(group: GradientGroup): readonly Parameter[];
}

/** Bytes that {@link allocateGradients} takes. */
export function bytesOfGradients(config: LlamaConfig): number {
  return bytesOfBlocks(layerLengths(config)) + bytesOfBlocks(outerLengths(config));
}

/** Allocates the gradient buffers. @throws {WorkspaceError} when the heap is full. */
export function allocateGradients(config: LlamaConfig, arena: Arena): Gradients {
  const layer = allocateBlocks(arena, layerLengths(config));
  const { embedding, norm } = allocateBlocks(arena, outerLengths(config));
  const outer = { embedding, norm, head: embedding };
  const { embedding: table, ...others } = outerParameters(config, outer);
  const outerGroups = { embedding: [table], norm: [others.norm], head: [others.head] };
  const layers = Array.from({ length: config.layers }, (_, i) => ({
    attention: halfGradients(config, i, "attention", layer),
    feedForward: halfGradients(config, i, "feedForward", layer),
  }));
  const group = (name: GradientGroup): readonly Parameter[] =>
    typeof name === "string" ? outerGroups[name] : layers[name.layer]![name.half];
  return { layer, outer, group };
}
