import type { Decoder, Llama, WeightData } from "@sumo/llama";
import type { Answer, Choice } from "../text/sequences.ts";
import { heldOutShare, type ShareOptions } from "./held-out-share.ts";

/**
 * Share of held-out questions whose right option is the likeliest to the model: that of the greatest mean log-likelihood per token, the end of the turn
 * included, so that long options are at no disadvantage. It is the one on which the model's loss is lowest.
 *
 * What the options of a question begin with is computed once.
 *
 * @param choices - at least one.
 */
export function optionAccuracy(model: Llama<WeightData>, choices: readonly Choice[], options: ShareOptions): number {
  let seen = new Int32Array(); // what the decoder's cache begins with
  const score = (option: Answer, decoder: Decoder): number => {
    const same = Math.min(commonLength(seen, option.prompt), option.prompt.length - 1);
    seen = option.prompt.slice();
    decoder.rewind(same);
    return meanLogLikelihood(option, decoder);
  };
  return heldOutShare(model, choices, options, ({ options, right }, decoder) => {
    const scores = options.map((option) => score(option, decoder));
    return scores.every((other, i) => i === right || other < scores[right]!);
  });
}

/** Mean log-likelihood of an answer's tokens. @param decoder - its cache holds a beginning of the prompt. */
function meanLogLikelihood({ prompt, answer }: Answer, decoder: Decoder): number {
  let read = prompt.subarray(decoder.position);
  let sum = 0;
  for (const token of answer) {
    sum += logLikelihood(decoder.feed(read), token);
    read = Int32Array.of(token);
  }
  return sum / answer.length;
}

function logLikelihood(logits: Float32Array, token: number): number {
  const most = logits.reduce((a, b) => Math.max(a, b));
  return logits[token]! - most - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
}

/** Number of leading elements that are equal. */
function commonLength(a: Int32Array, b: Int32Array): number {
  const apart = a.findIndex((value, i) => value !== b[i]);
  return apart < 0 ? a.length : apart;
}
