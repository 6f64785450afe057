/** Tokens in 16 bits each where the vocabulary allows, or in 32. */
export type TokenArray = Uint16Array | Uint32Array;

/** An array for `length` tokens of a vocabulary of `size`. */
export function tokenArray(size: number, length: number): TokenArray {
  return size <= 2 ** 16 ? new Uint16Array(length) : new Uint32Array(length);
}
