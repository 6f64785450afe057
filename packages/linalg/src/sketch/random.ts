import { describe } from "../arguments.ts";
import { DtypeError, OptionError } from "../errors.ts";
import { dtypeOf, type Real } from "../matrix/real.ts";

/**
 * Names a sequence of random numbers: `seed` is the user's, `stream` says what the numbers are for, `counter` says which draw.
 * Whole numbers: seed and stream below 2⁵³, counter below 2³². Different keys give independent sequences.
 */
export type RandomKey = readonly [seed: number, stream: number, counter: number];

// Multipliers and Weyl increments of Philox4x32 (Salmon, Moraes, Dror and Shaw 2011, table 2).
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
const TWO_32 = 4294967296;
const UNIT_24 = 1 / 16777216;
// Ratios of neighbouring terms of the series below, from the last to the first: products are several times as fast as divisions.
const ODD_RECIPROCALS = Float64Array.from({ length: 11 }, (_, i) => 1 / (21 - 2 * i));
const SINE_RATIOS = Float64Array.from({ length: 8 }, (_, i) => 1 / ((16 - 2 * i) * (17 - 2 * i)));
const COSINE_RATIOS = Float64Array.from({ length: 8 }, (_, i) => 1 / ((16 - 2 * i) * (15 - 2 * i)));
const UNIT_53 = 1 / 9007199254740992;

/**
 * Fills `out` with independent uniform numbers in [0, 1): 53 random bits each in float64, 24 in float32.
 *
 * Element i depends on the key and on i alone, so that a prefix is a prefix and machines agree bit for bit.
 *
 * @throws {OptionError} for a key outside its range.
 * @see Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3 (2011): Philox4x32-10.
 */
export function fillUniform(out: Real, key: RandomKey): void {
  if (dtypeOf(out) === undefined)
    throw new DtypeError("fillUniform", `expected a Float32Array or Float64Array, got ${describe(out)}`);
  const words = checkKey("fillUniform", key);
  const bits = new Uint32Array(4);
  const single = out instanceof Float32Array;
  for (let i = 0; i < out.length; i++) {
    if (i % 2 === 0) philox(bits, i / 2, words);
    const at = 2 * (i % 2);
    out[i] = single ? (bits[at]! >>> 8) * UNIT_24 : unit53(bits, at);
  }
}

/**
 * Fills `out` with independent standard normal numbers (mean 0, variance 1).
 *
 * Element i depends on the key and on i alone. The transform (Box and Muller 1958) uses only additions, multiplications, divisions and
 * square roots, which IEEE 754 rounds in one way, so that machines agree bit for bit.
 *
 * @throws {OptionError} for a key outside its range.
 * Accuracy: the transform is within a few ulp of the exact one; tails reach 8.5 standard deviations.
 */
export function fillNormal(out: Real, key: RandomKey): void {
  if (dtypeOf(out) === undefined)
    throw new DtypeError("fillNormal", `expected a Float32Array or Float64Array, got ${describe(out)}`);
  const words = checkKey("fillNormal", key);
  const bits = new Uint32Array(4);
  const pair = new Float64Array(2);
  for (let i = 0; i < out.length; i += 2) {
    philox(bits, i / 2, words);
    // 1 - u lies in (0, 1], where the logarithm is finite.
    boxMuller(pair, 1 - unit53(bits, 0), unit53(bits, 2));
    out[i] = pair[0]!;
    if (i + 1 < out.length) out[i + 1] = pair[1]!;
  }
}

/** Counter words 1 to 3 and the two key words. */
type KeyWords = readonly [c1: number, c2: number, c3: number, k0: number, k1: number];

/** @throws {OptionError} for a key outside its range. */
export function checkKey(operation: string, key: RandomKey): KeyWords {
  if (!Array.isArray(key))
    throw new OptionError(operation, `key must be [seed, stream, counter], got ${describe(key)}`);
  const [seed, stream, counter] = key as RandomKey;
  const whole = (x: number): boolean => Number.isSafeInteger(x) && x >= 0;
  if (!whole(seed) || !whole(stream) || !whole(counter) || counter >= TWO_32) {
    throw new OptionError(
      operation,
      `key must be whole numbers [seed < 2^53, stream < 2^53, counter < 2^32], got [${seed}, ${stream}, ${counter}]`,
    );
  }
  const high = (x: number): number => Math.floor(x / TWO_32);
  return [counter, stream >>> 0, high(stream), seed >>> 0, high(seed)];
}

/** The Philox4x32-10 bijection of the counter (block, c1, c2, c3). */
function philox(out: Uint32Array, block: number, [c1, c2, c3, key0, key1]: KeyWords): void {
  let x0 = block >>> 0;
  let x1 = c1;
  let x2 = c2;
  let x3 = c3;
  let k0 = key0;
  let k1 = key1;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, x0);
    const high1 = multiplyHigh(MULTIPLIER_1, x2);
    const low0 = Math.imul(MULTIPLIER_0, x0);
    const low1 = Math.imul(MULTIPLIER_1, x2);
    x0 = high1 ^ x1 ^ k0;
    x1 = low1;
    x2 = high0 ^ x3 ^ k1;
    x3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

/** Upper half of a 32 × 32-bit product. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carry = (middle % 65536) + a0 * b1;
  return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(carry / 65536)) | 0;
}

/** 53 bits of two words as a number in [0, 1). */
function unit53(bits: Uint32Array, at: number): number {
  return ((bits[at]! >>> 5) * 67108864 + (bits[at + 1]! >>> 6)) * UNIT_53;
}

function boxMuller(out: Float64Array, u: number, v: number): void {
  const radius = Math.sqrt(-2 * naturalLog(u));
  const quarter = Math.floor(4 * v + 0.5);
  const angle = 2 * Math.PI * (v - quarter / 4); // in [-π/4, π/4], where the series below are exact to rounding
  const s = sine(angle);
  const c = cosine(angle);
  const turned = quarter % 4;
  out[0] = radius * (turned === 0 ? c : turned === 1 ? -s : turned === 2 ? -c : s);
  out[1] = radius * (turned === 0 ? s : turned === 1 ? c : turned === 2 ? -s : -c);
}

/** ln x for x in (0, 1], as k ln 2 + 2 artanh((f − 1) / (f + 1)) with f in [√½, √2). */
function naturalLog(x: number): number {
  let k = 0;
  let f = x;
  while (f < Math.SQRT1_2) {
    f *= 2;
    k--;
  }
  const t = (f - 1) / (f + 1);
  const t2 = t * t;
  // |t| < 0.1716: the first omitted term is below 2⁻⁵⁷ of the sum.
  let series = 0;
  for (let i = 0; i < ODD_RECIPROCALS.length; i++) series = series * t2 + ODD_RECIPROCALS[i]!;
  return k * Math.LN2 + 2 * t * series;
}

/** Taylor series on [−π/4, π/4]; the first omitted term is below 2⁻⁵⁴ of the sum. */
function sine(x: number): number {
  const x2 = x * x;
  let series = 1;
  for (let i = 0; i < SINE_RATIOS.length; i++) series = 1 - series * x2 * SINE_RATIOS[i]!;
  return x * series;
}

function cosine(x: number): number {
  const x2 = x * x;
  let series = 1;
  for (let i = 0; i < COSINE_RATIOS.length; i++) series = 1 - series * x2 * COSINE_RATIOS[i]!;
  return series;
}
