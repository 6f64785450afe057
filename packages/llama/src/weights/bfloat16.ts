import { describe } from "@sumo/linalg";
import { InputError } from "../errors.ts";
import type { WeightData } from "./parameters.ts";

/** Numbers that are converted at a time. */
const PIECE = 2 ** 16;

/**
 * out ← the numbers, in bfloat16 rounded to nearest, ties to even. A NaN stays one.
 *
 * @throws {InputError} for other arrays, or unequal lengths.
 */
export function storeWeights(out: WeightData, numbers: ArrayLike<number>): void {
  checkWeights("storeWeights", out);
  const length = ArrayBuffer.isView(numbers) || Array.isArray(numbers) ? numbers.length : undefined;
  if (length !== out.length) {
    throw new InputError("storeWeights", `expected ${out.length} numbers, got ${describe(numbers)} of ${length}`);
  }
  if (out instanceof Float32Array) {
    out.set(numbers);
    return;
  }
  const single = new Float32Array(Math.min(PIECE, numbers.length));
  const bits = new Uint32Array(single.buffer);
  for (let from = 0; from < numbers.length; from += single.length) {
    const count = Math.min(single.length, numbers.length - from);
    for (let i = 0; i < count; i++) single[i] = numbers[from + i]!;
    for (let i = 0; i < count; i++) out[from + i] = Number.isNaN(single[i]) ? 0x7fc0 : nearest(bits[i]!);
  }
}

/** The numbers of weights in float32: themselves, or a copy. @throws {InputError} for another array. */
export function weightNumbers(weights: WeightData): Float32Array {
  checkWeights("weightNumbers", weights);
  if (weights instanceof Float32Array) return weights;
  return new Float32Array(Uint32Array.from(weights, (half) => half << 16).buffer);
}

function checkWeights(operation: string, weights: WeightData): void {
  if (weights instanceof Float32Array || weights instanceof Uint16Array) return;
  throw new InputError(operation, `expected a Float32Array or a Uint16Array, got ${describe(weights)}`);
}

/** Bits of a binary32, rounded to its upper half; the carry moves the exponent up where it must. */
const nearest = (bits: number): number => (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
