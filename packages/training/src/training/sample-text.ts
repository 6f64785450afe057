import { fillUniform } from "@sumo/linalg";
import { type Choice, chooseToken, type Llama } from "@sumo/llama";
import type { SampleOptions } from "../options/train-options.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** Stream of random numbers for sampling, apart from those of batches and weights. */
const STREAM = 0x73616d70; // "samp"

/** Samples tokens that continue `prompt`, without end. When the context is full, the decoder is reset and reads the last half of it again. */
function* sampleTokens(model: Llama, prompt: ArrayLike<number>, choice: Choice, seed: number): Generator<number, void> {
  const { context } = model.config;
  const decoder = model.createDecoder();
  const uniform = new Float64Array(1);
  let unread = Array.from(prompt).slice(-context);
  const seen = [...unread];
  try {
    for (let i = 0; ; i++) {
      const logits = decoder.feed(Int32Array.from(unread));
      fillUniform(uniform, [seed, STREAM, i]);
      const token = chooseToken(logits, choice, uniform[0]!);
      yield token;
      seen.push(token);
      unread = [token];
      if (decoder.position === context) {
        decoder.reset();
        unread = seen.slice(-Math.ceil(context / 2));
      }
    }
  } finally {
    decoder.dispose();
  }
}

/** Samples text that continues `options.prompt`, in pieces of whole characters. */
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
