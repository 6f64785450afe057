import { InputError } from "./errors.ts";

/** Checks that `tokens` is an Int32Array of `length` numbers from 0 to `vocabSize` − 1. @throws {InputError} */
export function checkTokens(
  operation: string,
  name: string,
  tokens: Int32Array,
  length: number,
  vocabSize: number,
): void {
  if (!(tokens instanceof Int32Array) || tokens.length !== length) {
    throw new InputError(operation, `expected ${name} as an Int32Array of ${length}, got ${describeArray(tokens)}`);
  }
  const odd = tokens.findIndex((token) => token < 0 || token >= vocabSize);
  if (odd >= 0) {
    throw new InputError(
      operation,
      `expected ${name} from 0 to ${vocabSize - 1}, got ${tokens[odd]} at position ${odd}`,
    );
  }
}

/** Checks targets as {@link checkTokens} checks tokens; −1 is none, but not all may be. @throws {InputError} */
export function checkTargets(operation: string, targets: Int32Array, length: number, vocabSize: number): void {
  if (!(targets instanceof Int32Array) || targets.length !== length) {
    throw new InputError(operation, `expected targets as an Int32Array of ${length}, got ${describeArray(targets)}`);
  }
  const odd = targets.findIndex((target) => target < -1 || target >= vocabSize);
  if (odd >= 0) {
    throw new InputError(
      operation,
      `expected targets from 0 to ${vocabSize - 1}, or -1 for none, got ${targets[odd]} at position ${odd}`,
    );
  }
  if (countTargets(targets) === 0)
    throw new InputError(operation, "expected at least one target, got -1 at every position");
}

/**
 * Checks positions of `batch` sequences of `length` tokens: each begins with 0, and a position is 0 or follows the one before it.
 *
 * @throws {InputError}
 */
export function checkPositions(operation: string, positions: Int32Array, batch: number, length: number): void {
  if (!(positions instanceof Int32Array) || positions.length !== batch * length) {
    throw new InputError(
      operation,
      `expected positions as an Int32Array of ${batch * length}, got ${describeArray(positions)}`,
    );
  }
  const odd = positions.findIndex(
    (position, i) => position !== 0 && (i % length === 0 || position !== positions[i - 1]! + 1),
  );
  if (odd < 0) return;
  const next = odd % length === 0 ? "0" : `0 or ${positions[odd - 1]! + 1}`;
  throw new InputError(operation, `expected position ${next}, got ${positions[odd]} at token ${odd}`);
}

/** Number of targets that are not −1. */
export function countTargets(targets: Int32Array): number {
  let count = 0;
  for (const target of targets) if (target >= 0) count++;
  return count;
}

/** Type and length of a value, for messages. */
export function describeArray(value: unknown): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return ArrayBuffer.isView(value) ? `${tag} of ${(value as Int32Array).length}` : tag;
}
