import { fillUniform } from "@sumo/linalg";
import { type Choice, chooseToken, type Llama, type WeightData } from "@sumo/llama";
import type { SampleOptions } from "../options/train-options.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** Stream of random numbers for sampling, apart from those of batches and weights. */
const STREAM = 0x73616d70; // "samp"

/** The options of sampling alone, from among others, for tokens that the tokenizer has. */
export function choiceOf({ temperature, topK, topP }: Choice, tokenizer: Tokenizer): Choice {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    allowed: tokenizer.has,
  };
}

/** Samples `length` tokens that continue `prompt`. When the context is full, the decoder is reset and reads the last half of it again. */
function* sampleTokens(
  model: Llama<WeightData>,
  prompt: ArrayLike<number>,
  choice: Choice,
  length: number,
  seed: number,
  most: number,
): Generator<number, void> {
  const context = Math.min(most, prompt.length + length); // no larger cache than it fills
  const decoder = model.createDecoder(context);
  const uniform = new Float64Array(1);
  let unread = Array.from(prompt).slice(-context);
  const seen = [...unread];
  try {
    for (let i = 0; i < length; i++) {
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

/**
 * Samples text that continues `options.prompt`, in pieces of whole characters.
 *
 * @param context - tokens of context for each prediction, at most the model's. The decoder's cache is no larger.
 */
export function* sampleText(
  model: Llama<WeightData>,
  tokenizer: Tokenizer,
  options: SampleOptions,
  seed: number,
  context: number = model.config.context,
): Generator<string> {
  const decoder = new TextDecoder();
  const prompt = tokenizer.encode(new TextEncoder().encode(options.prompt));
  const choice = choiceOf(options, tokenizer);
  for (const token of sampleTokens(model, prompt, choice, options.length, seed, context)) {
    yield decoder.decode(tokenizer.decode([token]), { stream: true });
  }
  yield decoder.decode();
}
