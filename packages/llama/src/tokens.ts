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

/** Type and length of a value, for messages. */
export function describeArray(value: unknown): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return ArrayBuffer.isView(value) ? `${tag} of ${(value as Int32Array).length}` : tag;
}
