import { type ForwardActivations, forwardLengths, keptLengths } from "./activations.ts";
import { allocateBlocks } from "./blocks.ts";
import { headDim, type LlamaConfig } from "./config.ts";
import { InputError } from "./errors.ts";
import { normLast } from "./head.ts";
import { checkTokens } from "./input.ts";
import { attentionScratch } from "./kernels/kernels.ts";
import { Lease } from "./lease.ts";
import { linear } from "./products.ts";
import { forwardLayers } from "./program.ts";
import type { ModelParts } from "./run.ts";

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

export function createReader(parts: ModelParts): Reader {
  return Lease.take(parts.engine.heap, (lease) => buildReader(parts, lease));
}

function buildReader(parts: ModelParts, lease: Lease): Reader {
  const { config, engine, weights } = parts;
  const { context, dim, vocabSize, heads, kvHeads } = config;
  const kept = allocateBlocks(lease, keptLengths(config, context));
  const shared = allocateBlocks(lease, forwardLengths(config, context));
  const x = lease.float32(context * dim);
  const scratch = lease.float32(attentionScratch(context, headDim(config)));
  const logits = lease.float32(vocabSize);
  const past = lease.int32(context);
  // Queries, keys and values of the past stay, layer by layer; all else is the current tokens'.
  const caches = Array.from({ length: config.layers - 1 }, () => lease.float32(kept.qkv.length));
  const layers = [kept.qkv, ...caches].map((qkv) => ({ ...kept, qkv, x }));
  const activations: ForwardActivations = { layers, shared, tokens: past };
  let position = 0;

  const feed = (tokens: Int32Array): Float32Array => {
    checkFeed(config, position, tokens);
    past.set(tokens, position);
    const start = position;
    position += tokens.length;
    const attention = { batch: 1, length: position, heads, kvHeads, headDim: headDim(config) };
    const span = { first: start, rows: tokens.length, base: 0, start, attention };
    const run = { ...parts, activations, scratch, span };
    forwardLayers(run);
    normLast(run);
    linear(engine, 1, dim, vocabSize, shared.normed, (position - 1) * dim, weights.outer.head, 0, logits, 0);
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
    dispose: () => lease.release(),
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
