import type { Engine } from "@sumo/linalg";
import { type ForwardActivations, forwardLengths, keptLengths } from "./activations.ts";
import { allocateBlocks, releaseBlocks } from "./blocks.ts";
import { headDim, type LlamaConfig, qkvWidth } from "./config.ts";
import { InputError } from "./errors.ts";
import { normLast } from "./head.ts";
import { checkTokens } from "./input.ts";
import { attentionScratch, type Kernels } from "./kernels/kernels.ts";
import { linear } from "./products.ts";
import { forwardLayers } from "./program.ts";
import type { ForwardRun } from "./run.ts";
import type { Weights } from "./weights.ts";

/** Reads one sequence, a token or many at a time, and remembers keys and values, so that nothing is computed twice. */
export interface Reader {
  /** Tokens read since the last reset. */
  readonly position: number;
  /**
   * Reads on.
   *
   * @returns the logits of the token that comes next, [vocabSize]; the same array every time, overwritten by the next call.
   * The same logits as those of a pass over the whole sequence, however it is cut into pieces.
   * @throws {InputError} for no tokens, tokens outside the vocabulary, or more than the context has room for; nothing is read then.
   */
  feed(tokens: Int32Array): Float32Array;
  /** Forgets everything that was read. */
  reset(): void;
  /** Gives the memory back. The reader must not be used again. */
  dispose(): void;
}

export function createReader(config: LlamaConfig, engine: Engine, kernels: Kernels, weights: Weights): Reader {
  const { context, dim, vocabSize, heads, kvHeads } = config;
  const { heap } = engine;
  const kept = allocateBlocks(heap, keptLengths(config, context));
  const shared = allocateBlocks(heap, forwardLengths(config, context));
  const own = allocateBlocks(heap, {
    x: context * dim,
    scratch: attentionScratch(context, headDim(config)),
    logits: vocabSize,
  });
  const tokensRead = heap.int32(context);
  // Queries, keys and values of the past stay, layer by layer; all else is the current tokens'.
  const caches = Array.from({ length: config.layers - 1 }, () => heap.float32(context * qkvWidth(config)));
  const layers = [kept.qkv, ...caches].map((qkv) => ({ ...kept, qkv, x: own.x }));
  const activations: ForwardActivations = { layers, shared, tokens: tokensRead };
  let position = 0;

  const feed = (tokens: Int32Array): Float32Array => {
    checkFeed(config, position, tokens);
    tokensRead.set(tokens, position);
    const start = position;
    position += tokens.length;
    const attention = { batch: 1, length: position, heads, kvHeads, headDim: headDim(config) };
    const span = { first: start, rows: tokens.length, base: 0, start, attention };
    const run: ForwardRun = { config, engine, kernels, weights, activations, scratch: own.scratch, span };
    forwardLayers(run);
    normLast(run);
    linear(engine, 1, dim, vocabSize, shared.normed, (position - 1) * dim, weights.outer.head, 0, own.logits, 0);
    return own.logits;
  };

  return {
    get position() {
      return position;
    },
    feed,
    reset: () => {
      position = 0;
    },
    dispose: () => {
      for (const blocks of [kept, shared, own]) releaseBlocks(heap, blocks);
      for (const block of [tokensRead, ...caches]) heap.release(block);
    },
  };
}

function checkFeed({ context, vocabSize }: LlamaConfig, position: number, tokens: Int32Array): void {
  const room = context - position;
  if (tokens.length === 0 || tokens.length > room) {
    throw new InputError(
      "feed",
      `expected 1 to ${room} tokens (${position} of ${context} are read), got ${tokens.length}`,
    );
  }
  checkTokens("feed", "tokens", tokens, tokens.length, vocabSize);
}
