import { allocateBlocks, type Blocks, bytesOfBlocks } from "./blocks.ts";
import type { LlamaConfig } from "./config.ts";
import type { Phase } from "./crew.ts";
import type { Lease } from "./lease.ts";
import {
  type LayerBlock,
  layerLengths,
  type OuterBlock,
  outerLengths,
  outerParameters,
  type Parameter,
  phaseGradients,
} from "./parameters.ts";

/** Gradients that are complete together. */
export type GradientGroup = "head" | "norm" | "embedding" | { readonly layer: number; readonly phase: Phase };

/** The one set of gradient buffers: every layer's gradients pass through `layer`; the head's and the embedding's share a block. */
export interface Gradients {
  readonly layer: Blocks<LayerBlock>;
  readonly outer: Blocks<OuterBlock>;
  /** The same memory as named tensors. */
  group(group: GradientGroup): readonly Parameter[];
}

/** Bytes that {@link allocateGradients} takes. */
export function bytesOfGradients(config: LlamaConfig): number {
  return bytesOfBlocks(layerLengths(config)) + bytesOfBlocks(outerLengths(config));
}

export function allocateGradients(config: LlamaConfig, lease: Lease): Gradients {
  const layer = allocateBlocks(lease, layerLengths(config));
  const { embedding, norm } = allocateBlocks(lease, outerLengths(config));
  const outer = { embedding, norm, head: embedding };
  const { embedding: table, ...others } = outerParameters(config, outer);
  const outerGroups = { embedding: [table], norm: [others.norm], head: [others.head] };
  const layers = Array.from({ length: config.layers }, (_, i) => ({
    attention: phaseGradients(config, i, "attention", layer),
    feedForward: phaseGradients(config, i, "feedForward", layer),
  }));
  const group = (name: GradientGroup): readonly Parameter[] =>
    typeof name === "string" ? outerGroups[name] : layers[name.layer]![name.phase];
  return { layer, outer, group };
}
