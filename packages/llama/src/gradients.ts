import type { Heap } from "@sumo/linalg";
import { allocateBlocks, type Blocks, bytesOfBlocks, releaseBlocks } from "./blocks.ts";
import type { LlamaConfig } from "./config.ts";
import {
  type LayerBlock,
  layerLengths,
  layerParameters,
  type OuterBlock,
  outerLengths,
  outerParameters,
  type Parameter,
} from "./parameters.ts";

/** The one set of gradient buffers: every layer's gradients pass through `layer`; the head's and the embedding's share a block. */
export interface Gradients {
  readonly layer: Blocks<LayerBlock>;
  readonly outer: Blocks<OuterBlock>;
  /** The same memory as named tensors, by layer. */
  readonly layerParameters: readonly (readonly Parameter[])[];
  readonly outerParameters: Readonly<Record<OuterBlock, Parameter>>;
}

/** Bytes that {@link allocateGradients} takes. */
export function bytesOfGradients(config: LlamaConfig): number {
  return bytesOfBlocks(layerLengths(config)) + bytesOfBlocks(outerLengths(config));
}

export function allocateGradients(config: LlamaConfig, heap: Heap): Gradients {
  const layer = allocateBlocks(heap, layerLengths(config));
  const { embedding, norm } = allocateBlocks(heap, outerLengths(config));
  const outer = { embedding, norm, head: embedding };
  return {
    layer,
    outer,
    layerParameters: Array.from({ length: config.layers }, (_, i) => layerParameters(config, i, layer)),
    outerParameters: outerParameters(config, outer),
  };
}

export function releaseGradients({ layer, outer: { embedding, norm } }: Gradients, heap: Heap): void {
  releaseBlocks(heap, layer);
  releaseBlocks(heap, { embedding, norm });
}
