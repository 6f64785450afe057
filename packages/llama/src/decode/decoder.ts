import { allOf, describe, sizeOfFloat32 } from "@sumo/linalg";
import type { LlamaConfig } from "../config.ts";
import { InputError } from "../errors.ts";
import { attentionScratch } from "../kernels/kernels.ts";
import { Arena } from "../memory/arena.ts";
import { allocateBlocks, bytesOfBlocks } from "../memory/blocks.ts";
import { type ForwardActivations, forwardLengths, keptLengths } from "../pass/activations.ts";
import { attentionShape, type ModelParts } from "../pass/context.ts";
import { normLast } from "../pass/head.ts";
import { checkPassShape } from "../pass/pass.ts";
import { linear } from "../pass/products.ts";
import { forwardLayers } from "../pass/schedule.ts";
import { checkTokens, describeArray } from "../tokens.ts";
import { allocateRotation, bytesOfRotation } from "../weights/rotation.ts";
import { panelLength, type WeightType } from "../weights/weights.ts";

/** Incremental decoder of one sequence, a token or many at a time, with a cache of keys and values: each token is computed once. */
export interface Decoder {
  /** Number of tokens in the cache. */
  readonly position: number;
  /**
   * Appends tokens to the sequence and predicts the next one.
   *
   * @returns the logits of the next token, [vocabSize]; the same array in every call, overwritten by the next one. They have the same bits
   * however the sequence is split into calls. Cost: 2 flops a parameter and token, and 4 position · dim a layer and token for attention.
   * @throws {InputError} for no tokens, tokens outside the vocabulary, or more tokens than the cache has room for; the cache is then unchanged.
   */
  feed(tokens: Int32Array): Float32Array;
  /** Empties the cache. */
  reset(): void;
  /** Forgets the tokens from `position` on, e.g. to say something else after a common beginning. @throws {InputError} beyond the current position. */
  rewind(position: number): void;
  /** Releases the memory. The decoder must not be used again. */
  dispose(): void;
}

/** Creates a decoder whose cache holds `capacity` tokens. See `Llama.createDecoder`. */
export function createDecoder(parts: ModelParts, capacity: number): Decoder {
  checkPassShape("createDecoder", parts.config, 1, capacity);
  return Arena.allocate(parts.engine.heap, (arena) => buildDecoder(parts, capacity, arena));
}

/** Bytes of heap that {@link createDecoder} takes. */
export function bytesOfDecoder(config: LlamaConfig, capacity: number, dtype: WeightType): number {
  const { layers, dim, headDim, vocabSize } = config;
  const kept = keptLengths(config, capacity);
  return (
    bytesOfBlocks(kept) +
    (layers - 1) * sizeOfFloat32(kept.qkv) +
    bytesOfBlocks(forwardLengths(config, capacity)) +
    bytesOfRotation(config, capacity) +
    allOf(
      ...[capacity * dim, attentionScratch(capacity, headDim), panelLength(config, dtype), vocabSize, capacity].map(
        sizeOfFloat32,
      ),
    )
  );
}

function buildDecoder(parts: ModelParts, capacity: number, arena: Arena): Decoder {
  const { config, weights, dtype } = parts;
  const { dim, vocabSize } = config;
  const kept = allocateBlocks(arena, keptLengths(config, capacity));
  const shared = allocateBlocks(arena, forwardLengths(config, capacity));
  const x = arena.float32(capacity * dim);
  const scratch = arena.float32(attentionScratch(capacity, config.headDim));
  const panel = arena.float32(panelLength(config, dtype));
  const logits = arena.float32(vocabSize);
  const sequence = arena.int32(capacity);
  // Each layer has a cache of queries, keys and values; all other blocks hold the current tokens only.
  const caches = Array.from({ length: config.layers - 1 }, () => arena.float32(kept.qkv.length));
  const layers = [kept.qkv, ...caches].map((qkv) => ({ ...kept, qkv, x }));
  const rotation = allocateRotation(config, capacity, arena);
  const activations: ForwardActivations = { layers, shared, rotation, tokens: sequence };
  let position = 0;

  const feed = (tokens: Int32Array): Float32Array => {
    checkFeed(vocabSize, capacity - position, tokens);
    sequence.set(tokens, position);
    const start = position;
    position += tokens.length;
    const attention = attentionShape(config, 1, position);
    const span = { first: start, rows: tokens.length, base: 0, start, attention };
    const forward = { ...parts, activations, scratch, panel, span };
    forwardLayers(forward);
    normLast(forward);
    linear(forward, 1, dim, vocabSize, shared.normed, (position - 1) * dim, weights.outer.head, 0, logits, 0);
    return logits;
  };

  return {
    get position() {
      return position;
    },
    feed,
    reset: () => {
      position = 0;
    },
    rewind: (to) => {
      if (!Number.isInteger(to) || to < 0 || to > position) {
        throw new InputError(
          "rewind",
          `expected a whole number from 0 to the position ${position}, got ${describe(to)}`,
        );
      }
      position = to;
    },
    dispose: () => arena.release(),
  };
}

function checkFeed(vocabSize: number, room: number, tokens: Int32Array): void {
  if (!(tokens instanceof Int32Array) || tokens.length === 0 || tokens.length > room) {
    throw new InputError(
      "feed",
      `expected an Int32Array of 1 to ${room} tokens, which are left in the cache, got ${describeArray(tokens)}`,
    );
  }
  checkTokens("feed", "tokens", tokens, tokens.length, vocabSize);
}
