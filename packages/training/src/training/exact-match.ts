import { chooseToken, type Llama, type WeightData } from "@sumo/llama";
import { evenly } from "../text/batches.ts";
import type { Answer } from "../text/sequences.ts";

/**
 * Share of held-out examples whose answer the model writes token for token when it always takes the likeliest one.
 *
 * Such a completion is the answer exactly if each of its tokens is the likeliest after those before it, so an example costs no more tokens than it has, and
 * ends at the first that differs.
 *
 * @param answers - of which `count`, spaced evenly, are tried; all where there are fewer. At least one.
 * @param context - tokens that the longest of them has, at most the model's context: the size of the decoder's cache.
 */
export function exactMatch(
  model: Llama<WeightData>,
  answers: readonly Answer[],
  { count, context }: { readonly count: number; readonly context: number },
): number {
  const chosen = evenly(Math.min(count, answers.length), answers.length - 1).map((i) => answers[i]!);
  const decoder = model.createDecoder(context);
  const isWritten = ({ prompt, answer }: Answer): boolean => {
    decoder.reset();
    let read = prompt;
    return answer.every((token) => {
      const likeliest = chooseToken(decoder.feed(read), { temperature: 0 }, 0);
      read = Int32Array.of(token);
      return likeliest === token;
    });
  };
  try {
    return chosen.filter(isWritten).length / chosen.length;
  } finally {
    decoder.dispose();
  }
}
