import type { AdamwUpdate } from "./backend.ts";
import { BLOCK } from "./linalg-blocks.ts";
import { BLOCK_WORDS, LARGEST_CODE } from "./linalg-bytes.ts";

/** Codes of a root: 1 to 255 of the block's largest. Only zero has 0, or a step would divide by nothing. */
const LARGEST_ROOT_CODE = 255;

/** Moments of a block, while it is updated. */
const FIRST = new Float64Array(BLOCK);
const ROOTS = new Float64Array(BLOCK);

/**
 * One AdamW update with the moments in bytes, in blocks of 64 with one scale: the first as `packBytes` has it, of the second the square root, which
 * spans half as many powers of two. Arithmetic is float64. |error| ≤ largest of the block / 254 of the first moment, / 510 of a root, which is never rounded to zero.
 */
export function adamwInBytes(
  weight: Float32Array,
  gradient: Float32Array,
  first: Float32Array,
  second: Float32Array,
  { lr, beta1, beta2, eps, decay, correction1, correction2 }: AdamwUpdate,
): void {
  const codes = new Int8Array(first.buffer, first.byteOffset, first.length * 4);
  const rootCodes = new Uint8Array(second.buffer, second.byteOffset, second.length * 4);
  const [kept, rate, unit] = [1 - lr * decay, lr / correction1, 1 / Math.sqrt(correction2)];
  const [fresh, freshSquare] = [1 - beta1, 1 - beta2];
  for (let at = 0, from = 0; from < weight.length; at += BLOCK_WORDS, from += BLOCK) {
    const length = Math.min(BLOCK, weight.length - from);
    const start = 4 * (at + 1);
    const [scale, rootScale] = [beta1 * first[at]!, second[at]!];
    let most = 0;
    let mostRoot = 0;
    for (let i = 0; i < length; i++) {
      const g = gradient[from + i]!;
      const before = rootScale * rootCodes[start + i]!;
      const m = scale * codes[start + i]! + fresh * g;
      const root = Math.sqrt(beta2 * before * before + freshSquare * g * g);
      weight[from + i] = kept * weight[from + i]! - (rate * m) / (unit * root + eps);
      FIRST[i] = m;
      ROOTS[i] = root;
      const size = Math.abs(m);
      if (size > most) most = size;
      if (root > mostRoot) mostRoot = root;
    }
    first[at] = most / LARGEST_CODE;
    second[at] = mostRoot / LARGEST_ROOT_CODE;
    const [perUnit, perRoot] = [inverse(most, LARGEST_CODE), inverse(mostRoot, LARGEST_ROOT_CODE)];
    for (let i = 0; i < length; i++) {
      codes[start + i] = Math.floor(FIRST[i]! * perUnit + 0.5);
      const code = Math.floor(ROOTS[i]! * perRoot + 0.5);
      rootCodes[start + i] = code === 0 && ROOTS[i]! > 0 ? 1 : code;
    }
  }
}

/** Codes per unit. */
const inverse = (largest: number, codes: number): number => (largest > 0 ? codes / largest : 0);
