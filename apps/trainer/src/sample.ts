import { fillUniform } from "@sumo/linalg";
import type { Llama } from "@sumo/llama";
import type { SampleOptions } from "./options.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Tells the random numbers of samples from those of batches and weights. */
const STREAM = 0x73616d70; // "samp"

/** How one token is chosen. */
export type Choice = Pick<SampleOptions, "temperature" | "topK" | "topP">;

/** Tokens that continue `prompt`, without end. When the context is full, the model rereads its last half and goes on from there. */
export function* sampleTokens(
  model: Llama,
  prompt: ArrayLike<number>,
  choice: Choice,
  seed: number,
): Generator<number, void> {
  const { context } = model.config;
  const reader = model.createReader();
  const uniform = new Float64Array(1);
  let unread = Array.from(prompt).slice(-context);
  const seen = [...unread];
  try {
    for (let i = 0; ; i++) {
      const logits = reader.feed(Int32Array.from(unread));
      fillUniform(uniform, [seed, STREAM, i]);
      const token = chooseToken(logits, choice, uniform[0]!);
      yield token;
      seen.push(token);
      unread = [token];
      if (reader.position === context) {
        reader.reset();
        unread = seen.slice(-Math.ceil(context / 2));
      }
    }
  } finally {
    reader.dispose();
  }
}

/** Text that continues `prompt`, in pieces of whole characters. */
export function* sampleText(
  model: Llama,
  tokenizer: Tokenizer,
  options: SampleOptions,
  seed: number,
): Generator<string> {
  const decoder = new TextDecoder();
  const prompt = tokenizer.encode(new TextEncoder().encode(options.prompt));
  const tokens = sampleTokens(model, prompt, options, seed);
  let left = options.length;
  for (const token of tokens) {
    yield decoder.decode(tokenizer.decode([token]), { stream: true });
    left--;
    if (left === 0) break;
  }
  yield decoder.decode();
}

/**
 * Chooses a token by its logit.
 *
 * @param logits - one for each token.
 * @param uniform - a random number in [0, 1).
 */
export function chooseToken(logits: Float32Array, { temperature, topK, topP }: Choice, uniform: number): number {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  if (temperature === 0) return order[0]!;
  const likely = order.slice(0, topK ?? order.length);
  const best = logits[likely[0]!]!;
  const weights = likely.map((token) => Math.exp((logits[token]! - best) / temperature));
  const kept = topP === undefined ? weights : weights.slice(0, nucleus(weights, topP));
  let left = uniform * kept.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of kept.entries()) {
    left -= weight;
    if (left < 0) return likely[i]!;
  }
  return likely[kept.length - 1]!; // rounding
}

/** How many of the largest weights make up `share` of their sum. */
function nucleus(weights: readonly number[], share: number): number {
  let left = share * weights.reduce((sum, weight) => sum + weight, 0);
  let count = 0;
  while (count < weights.length && left > 0) left -= weights[count++]!;
  return Math.max(1, count);
}
