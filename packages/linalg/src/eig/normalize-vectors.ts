import { powerOfTwo, scaleBy } from "../memory/scale.ts";
import { signOf } from "../rows/sign.ts";

/** Components this close to the largest count as largest, so that the choice of one does not hang on the last bit. */
const CLOSE = 1 - 2 ** -20;

/**
 * Brings eigenvectors to 2-norm 1 with a largest component, the first of them, that is real and positive.
 *
 * @param t - packed n × n in real Schur form, for the pairs on its subdiagonal; on exit row j holds the imaginary part of vector j.
 * @param x - the vectors as `quasiTriangularVectors` orders them; on exit row j holds the real part of vector j.
 */
export function normalizeVectors(n: number, t: Float64Array, x: Float64Array): void {
  for (let k = 0; k < n; k++) {
    const re = x.subarray(k * n, (k + 1) * n);
    const im = t.subarray(k * n, (k + 1) * n);
    const paired = k + 1 < n && t[(k + 1) * n + k] !== 0;
    if (!paired) {
      im.fill(0);
      normalizeReal(re);
      continue;
    }
    k++;
    const [otherRe, otherIm] = [x.subarray(k * n, (k + 1) * n), t.subarray(k * n, (k + 1) * n)];
    im.set(otherRe);
    normalizeComplex(re, im);
    otherRe.set(re);
    for (let i = 0; i < n; i++) otherIm[i] = -im[i]!;
  }
}

function normalizeReal(x: Float64Array): void {
  scaleBy(x, 1 / powerOfTwo(largest(x)));
  let squares = 0;
  for (const value of x) squares += value * value;
  scaleBy(x, signOf(x, 0, x.length) / Math.sqrt(squares));
}

function normalizeComplex(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  const unit = powerOfTwo(Math.max(largest(re), largest(im)));
  scaleBy(re, 1 / unit);
  scaleBy(im, 1 / unit);
  let squares = 0;
  let most = 0;
  for (let i = 0; i < n; i++) {
    const square = re[i]! * re[i]! + im[i]! * im[i]!;
    squares += square;
    most = Math.max(most, square);
  }
  let first = 0;
  while (re[first]! * re[first]! + im[first]! * im[first]! < most * CLOSE) first++;
  const length = Math.sqrt(squares) * Math.hypot(re[first]!, im[first]!);
  const [cos, sin] = [re[first]! / length, im[first]! / length];
  for (let i = 0; i < n; i++) {
    const [x, y] = [re[i]!, im[i]!];
    re[i] = x * cos + y * sin;
    im[i] = y * cos - x * sin;
  }
  im[first] = 0;
}

const largest = (x: Float64Array): number => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
