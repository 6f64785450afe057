const EPS = Number.EPSILON;

/** A 2 × 2 matrix and the rotation that was applied to it. */
export interface Block {
  a: number;
  b: number;
  c: number;
  d: number;
  /** Cosine and sine of (x, y) ← (cos x + sin y, cos y − sin x) on rows, and on columns. */
  cos: number;
  sin: number;
}

/**
 * Turns [a b; c d] by a similarity rotation into standard form: upper triangular (c = 0) where its eigenvalues are real, else
 * a = d with b c < 0, so that the eigenvalues are a ± i √(−b c).
 *
 * @see LAPACK, dlanv2; Bai and Demmel, On a block implementation of the Hessenberg multishift QR iteration (1989), for the form.
 */
export function standardize(block: Block): void {
  const { a, b, c, d } = block;
  block.cos = 1;
  block.sin = 0;
  if (c === 0) return;
  if (b === 0) {
    set(block, d, -c, 0, a, 0, 1);
    return;
  }
  if (a === d && Math.sign(b) !== Math.sign(c)) return;
  const half = 0.5 * (a - d);
  const more = Math.max(Math.abs(b), Math.abs(c));
  const less = Math.min(Math.abs(b), Math.abs(c)) * Math.sign(b) * Math.sign(c);
  const scale = Math.max(Math.abs(half), more);
  // (half² + b c) / scale: the discriminant.
  const discriminant = (half / scale) * half + (more / scale) * less;
  if (discriminant >= 4 * EPS * scale) {
    const root = Math.sqrt(scale) * Math.sqrt(discriminant);
    const z = half + (half < 0 ? -root : root);
    const length = Math.hypot(c, z);
    set(block, d + z, b - c, 0, d - (more / z) * less, z / length, c / length);
    return;
  }
  equalizeDiagonal(block);
  if (block.c === 0) return;
  if (block.b === 0) set(block, block.a, -block.c, 0, block.d, -block.sin, block.cos);
  else if (Math.sign(block.b) === Math.sign(block.c)) splitReal(block);
}

/** Rotates to equal diagonal elements, for complex or nearly equal eigenvalues. */
function equalizeDiagonal(block: Block): void {
  const { a, b, c, d } = block;
  const difference = a - d;
  const sum = b + c;
  const length = Math.hypot(sum, difference);
  const cos = Math.sqrt(0.5 * (1 + Math.abs(sum) / length));
  const sin = -((0.5 * difference) / (length * cos)) * (sum < 0 ? -1 : 1);
  const [aa, bb, cc, dd] = [a * cos + b * sin, b * cos - a * sin, c * cos + d * sin, d * cos - c * sin];
  const mean = 0.5 * (aa * cos + cc * sin + (dd * cos - bb * sin));
  set(block, mean, bb * cos + dd * sin, cc * cos - aa * sin, mean, cos, sin);
}

/** From equal diagonal elements with b c > 0, which are two real eigenvalues, to triangular form. */
function splitReal(block: Block): void {
  const { a, b, c, cos, sin } = block;
  const [rootB, rootC] = [Math.sqrt(Math.abs(b)), Math.sqrt(Math.abs(c))];
  const root = c < 0 ? -rootB * rootC : rootB * rootC;
  const length = Math.sqrt(Math.abs(b + c));
  const [cosine, sine] = [rootB / length, rootC / length];
  set(block, a + root, b - c, 0, a - root, cos * cosine - sin * sine, cos * sine + sin * cosine);
}

function set(block: Block, a: number, b: number, c: number, d: number, cos: number, sin: number): void {
  block.a = a;
  block.b = b;
  block.c = c;
  block.d = d;
  block.cos = cos;
  block.sin = sin;
}
