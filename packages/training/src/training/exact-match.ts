import { chooseToken, type Llama, type WeightData } from "@sumo/llama";
import type { Answer } from "../text/sequences.ts";
import { heldOutShare, type ShareOptions } from "./held-out-share.ts";

/**
 * Share of held-out examples whose answer the model writes token for token when it always takes the likeliest one.
 *
 * Such a completion is the answer exactly if each of its tokens is the likeliest after those before it, so an example costs no more tokens than it has, and
 * ends at the first that differs.
 *
 * @param answers - at least one.
 */
export function exactMatch(model: Llama<WeightData>, answers: readonly Answer[], options: ShareOptions): number {
  return heldOutShare(model, answers, options, ({ prompt, answer }, decoder) => {
    decoder.reset();
    let read = prompt;
    return answer.every((token) => {
      const likeliest = chooseToken(decoder.feed(read), { temperature: 0 }, 0);
      read = Int32Array.of(token);
      return likeliest === token;
    });
  });
}
