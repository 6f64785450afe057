import { describe } from "@sumo/linalg";
import { checkFunction, checkOptions } from "../arguments.ts";
import { ConfigError, InputError } from "../errors.ts";

/** Options of {@link chooseToken}. */
export interface Choice {
  /** Divides the logits; 0 chooses the most probable token. Default 1. */
  readonly temperature?: number;
  /** Number of most probable tokens to choose from. Default: all. */
  readonly topK?: number;
  /** Choose from the fewest most probable tokens whose probabilities sum to at least this (nucleus sampling, Holtzman et al. 2020). Default 1. */
  readonly topP?: number;
  /** Whether a token may be chosen, e.g. because the tokenizer has it: models are often wider than their vocabulary. Default: all may. */
  readonly allowed?: (token: number) => boolean;
}

/**
 * Samples a token from the softmax of logits, a pure function of its arguments. `allowed` applies first, then `topK`, then `topP` to the rest.
 *
 * @param logits - one for each token; not changed. Of equal logits the lower token counts as the more probable.
 * @param uniform - a random number in [0, 1).
 * @throws {ConfigError} for an option out of range. @throws {InputError} for logits that are not finite, or none, or if no token is allowed.
 *
 * @example
 * chooseToken(Float32Array.of(0, 3, 1), { temperature: 0 }, 0.7); // 1
 */
export function chooseToken(logits: Float32Array, choice: Choice, uniform: number): number {
  if (!(logits instanceof Float32Array)) {
    throw new InputError("chooseToken", `expected logits as a Float32Array, got ${describe(logits)}`);
  }
  checkOptions("chooseToken", choice, { temperature: "number", topK: "number", topP: "number", allowed: "any" });
  const { temperature = 1, topK = logits.length, topP = 1, allowed } = choice;
  if (allowed !== undefined) checkFunction("chooseToken", "allowed", allowed);
  if (!(typeof uniform === "number" && uniform >= 0 && uniform < 1)) {
    throw new InputError("chooseToken", `expected a number in [0, 1), got ${describe(uniform)}`);
  }
  if (logits.length === 0 || !logits.every(Number.isFinite)) {
    throw new InputError("chooseToken", "expected finite logits, at least one");
  }
  checkChoice(temperature, topK, topP);
  const tokens = Array.from(logits.keys());
  const order = (allowed === undefined ? tokens : tokens.filter(allowed)).sort(
    (a, b) => logits[b]! - logits[a]! || a - b,
  );
  if (order.length === 0) throw new InputError("chooseToken", "expected at least one allowed token");
  if (temperature === 0) return order[0]!;
  const best = logits[order[0]!]!;
  const likely = order.slice(0, topK);
  const weights = likely.map((token) => Math.exp((logits[token]! - best) / temperature));
  const kept = nucleus(weights, topP);
  let left = uniform * kept.reduce((sum, weight) => sum + weight, 0);
  const chosen = kept.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return likely[chosen < 0 ? kept.length - 1 : chosen]!; // not found: rounding made the weights sum to less than the total
}

/** Shortest prefix of descending weights whose sum is at least `share` of the total; at least one weight. */
function nucleus(weights: readonly number[], share: number): readonly number[] {
  let left = share * weights.reduce((sum, weight) => sum + weight, 0);
  const count = weights.findIndex((weight) => {
    left -= weight;
    return left <= 0;
  });
  return count < 0 ? weights : weights.slice(0, count + 1);
}

function checkChoice(temperature: number, topK: number, topP: number): void {
  const refuse = (message: string): never => {
    throw new ConfigError("chooseToken", message);
  };
  if (!(temperature >= 0 && temperature < Infinity)) refuse(`temperature must be at least 0, got ${temperature}`);
  if (!Number.isSafeInteger(topK) || topK < 1) refuse(`topK must be a whole number of at least 1, got ${topK}`);
  if (!(topP > 0 && topP <= 1)) refuse(`topP must lie above 0 and be at most 1, got ${topP}`);
}
