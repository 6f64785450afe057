import { allOf, describe, sizeOfFloat32 } from "@sumo/linalg";
import type { LlamaConfig } from "../config.ts";
import { ConfigError } from "../errors.ts";
import type { Arena } from "../memory/arena.ts";
import type { Lengths } from "../memory/blocks.ts";
import { type LayerBlock, layerLengths, type OuterBlock, outerLengths, type WeightData } from "./parameters.ts";

const WEIGHT_TYPES = ["float32", "bfloat16"] as const;
/** Type of the numbers in a model's matrices. Norms and biases, which are few, are always float32. */
export type WeightType = (typeof WEIGHT_TYPES)[number];

/** @throws {ConfigError} */
export function checkWeightType(operation: string, type: WeightType): void {
  if (WEIGHT_TYPES.includes(type)) return;
  throw new ConfigError(operation, `expected dtype "float32" or "bfloat16", got ${describe(type)}`);
}

/** Blocks of matrices. */
const MATRICES = ["qkv", "output", "gateUp", "down", "embedding", "head"] as const;
type MatrixBlock = (typeof MATRICES)[number];

/** Named blocks of weights. */
type WeightBlocks<Name extends string> = {
  readonly [Block in Name]: Block extends MatrixBlock ? WeightData : Float32Array;
};

/** Weights of a model, in the engine's heap. */
export interface Weights {
  readonly layers: readonly WeightBlocks<LayerBlock>[];
  /** A tied model's `head` is its `embedding`. */
  readonly outer: WeightBlocks<OuterBlock>;
}

const ownHeadLengths = ({ vocabSize, dim, tied }: LlamaConfig): Lengths<string> =>
  tied ? {} : { head: vocabSize * dim };

/** Bytes that {@link allocateWeights} takes. */
export function bytesOfWeights(config: LlamaConfig, type: WeightType): number {
  const outer = bytesOf(outerLengths(config), type) + bytesOf(ownHeadLengths(config), type);
  return config.layers * bytesOf(layerLengths(config), type) + outer;
}

/** Allocates the weights, zero. @throws {WorkspaceError} when the heap is full. */
export function allocateWeights(config: LlamaConfig, type: WeightType, arena: Arena): Weights {
  const { embedding, norm } = allocate(arena, outerLengths(config), type);
  const { head = embedding } = allocate(arena, ownHeadLengths(config), type) as { readonly head?: WeightData };
  const layers = Array.from({ length: config.layers }, () => allocate(arena, layerLengths(config), type));
  return { layers, outer: { embedding, norm, head } };
}

/** Length of a thread's panel: a piece of a matrix in float32, at least a row of any. Products of float32 matrices need none. */
export function panelLength({ dim, hidden, heads, headDim }: LlamaConfig, type: WeightType): number {
  return type === "float32" ? 0 : Math.max(2 ** 18, dim, hidden, heads * headDim);
}

const isHalf = (name: string, type: WeightType): boolean =>
  type === "bfloat16" && (MATRICES as readonly string[]).includes(name);

function bytesOf(lengths: Lengths<string>, type: WeightType): number {
  const sizes = Object.entries(lengths).map(([name, length]) =>
    sizeOfFloat32(isHalf(name, type) ? Math.ceil(length / 2) : length),
  );
  return allOf(...sizes);
}

function allocate<Name extends string>(arena: Arena, lengths: Lengths<Name>, type: WeightType): WeightBlocks<Name> {
  const blocks = Object.entries<number>(lengths).map(([name, length]) => [
    name,
    isHalf(name, type) ? arena.uint16(length) : arena.float32(length),
  ]);
  return Object.fromEntries(blocks) as WeightBlocks<Name>;
}
