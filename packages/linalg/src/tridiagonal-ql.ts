import type { Engine } from "./engine/engine.ts";
import { NotConvergedError } from "./errors.ts";

const EPS = Number.EPSILON;
/** LAPACK's bound (dsteqr): far above the two or so that an eigenvalue takes. */
const MAX_ITERATIONS = 30;

/**
 * Eigenvalues of the symmetric tridiagonal matrix with diagonal `d` and neighbours `e`, by implicit QL with Wilkinson's shift.
 * On exit `d` holds them in no order and `e` is spoiled. If `z` is given, its n packed rows of length m are rotated along:
 * from the identity they become the eigenvectors. `e` has length n; c and s are scratch of length n.
 *
 * @see Parlett, The Symmetric Eigenvalue Problem (1998), §8.14. Deviates: a neighbour is negligible
 * against the whole matrix, so that noise beside zeros on the diagonal cannot stall the iteration.
 */
export function tridiagonalQl(
  engine: Engine,
  operation: string,
  n: number,
  d: Float64Array,
  e: Float64Array,
  c: Float64Array,
  s: Float64Array,
  z: Float64Array | undefined,
  m: number,
): void {
  const negligible = EPS * largestEntry(n, d, e);
  for (let first = 0; first < n; first++) {
    for (let iteration = 0; ; iteration++) {
      const last = blockEnd(first, n, e, negligible);
      if (last === first) break;
      if (iteration === MAX_ITERATIONS) throw new NotConvergedError(operation, iteration, Math.abs(e[first]!));
      const start = sweep(first, last, d, e, c, s);
      if (z !== undefined) engine.rotate(last - start, m, c, s, start, z, start * m, m);
    }
  }
}

function largestEntry(n: number, d: Float64Array, e: Float64Array): number {
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(d[i]!), i < n - 1 ? Math.abs(e[i]!) : 0);
  return most;
}

/** Index of the last row of the unreduced block that starts at `first`. */
function blockEnd(first: number, n: number, e: Float64Array, negligible: number): number {
  let i = first;
  while (i < n - 1 && Math.abs(e[i]!) > negligible) i++;
  return i;
}

/** One implicit QL step on rows first … last. Writes the rotations of rows i, i + 1 to c[i], s[i]; returns the row where it ended. */
function sweep(
  first: number,
  last: number,
  d: Float64Array,
  e: Float64Array,
  c: Float64Array,
  s: Float64Array,
): number {
  const half = (d[first + 1]! - d[first]!) / (2 * e[first]!);
  const root = pythagoras(half, 1);
  let g = d[last]! - d[first]! + e[first]! / (half + (half >= 0 ? root : -root));
  let cosine = 1;
  let sine = 1;
  let p = 0;
  for (let i = last - 1; i >= first; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = pythagoras(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The bulge vanished: the block splits here.
      d[i + 1]! -= p;
      e[last] = 0;
      return i + 1;
    }
    sine = f / r;
    cosine = g / r;
    const difference = d[i + 1]! - p;
    const t = (d[i]! - difference) * sine + 2 * cosine * b;
    p = sine * t;
    d[i + 1] = difference + p;
    g = cosine * t - b;
    c[i] = cosine;
    s[i] = sine;
  }
  d[first]! -= p;
  e[first] = g;
  e[last] = 0;
  return first;
}

/** √(f² + g²); the square root is several times as fast as `Math.hypot`, which is for what would overflow or vanish. */
function pythagoras(f: number, g: number): number {
  const squares = f * f + g * g;
  return squares > 1e-280 && squares < 1e280 ? Math.sqrt(squares) : Math.hypot(f, g);
}
