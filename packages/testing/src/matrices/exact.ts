/** Fractional bits of the fixed-point numbers below: condition 1e8 leaves more than a hundred correct ones. */
const BITS = 320n;
const ONE = 1n << BITS;

/** Determinant of a packed n × n matrix of whole numbers, by Bareiss's fraction-free elimination. */
export function determinant(n: number, whole: ArrayLike<number>): { value: number; exact: bigint } {
  const a = rowsOf(n, whole, BigInt);
  let sign = 1n;
  let previous = 1n;
  for (let k = 0; k < n - 1; k++) {
    const pivot = a.findIndex((row, i) => i >= k && row[k] !== 0n);
    if (pivot < 0) return { value: 0, exact: 0n };
    if (pivot !== k) sign = -sign;
    [a[k], a[pivot]] = [a[pivot]!, a[k]!];
    for (let i = k + 1; i < n; i++) {
      for (let j = k + 1; j < n; j++) a[i]![j] = (a[i]![j]! * a[k]![k]! - a[i]![k]! * a[k]![j]!) / previous;
    }
    previous = a[k]![k]!;
  }
  const exact = n === 0 ? 1n : sign * a[n - 1]![n - 1]!;
  return { value: Number(exact), exact };
}

/**
 * Counts the eigenvalues below `x` of a packed symmetric n × n matrix, exactly: by Sylvester's law of inertia the number of sign changes
 * in the leading minors of A − x I. NaN if one of them is zero. Elements are 0 or at least 2⁻²⁶⁸.
 */
export function eigenvaluesBelow(n: number, a: ArrayLike<number>, x: number): number {
  const rows = rowsOf(n, a, fixed);
  for (let i = 0; i < n; i++) rows[i]![i]! -= fixed(x);
  let [previous, below] = [1n, 0];
  for (let k = 0; k < n; k++) {
    const minor = rows[k]![k]!;
    if (minor === 0n) return Number.NaN;
    if (minor > 0n !== previous > 0n) below++;
    for (let i = k + 1; i < n; i++) {
      for (let j = k + 1; j < n; j++) rows[i]![j] = (rows[i]![j]! * minor - rows[i]![k]! * rows[k]![j]!) / previous;
    }
    previous = minor;
  }
  return below;
}

/**
 * Orthogonal polar factor of a packed nonsingular n × n matrix, far more accurate than float64, by Newton's iteration
 * X ← (X + X⁻ᵀ) / 2 in fixed-point numbers of 320 fractional bits. For small n.
 */
export function exactPolar(n: number, a: ArrayLike<number>): Float64Array {
  let x = rowsOf(n, a, fixed);
  for (;;) {
    const inverse = invert(x);
    const next = x.map((row, i) => row.map((value, j) => (value + inverse[j]![i]!) / 2n));
    const change = next.flatMap((row, i) => row.map((value, j) => absolute(value - x[i]![j]!)));
    x = next;
    if (change.every((value) => value < ONE >> 200n)) break;
  }
  return Float64Array.from(x.flat(), (value) => Number(value >> (BITS - 80n)) / 2 ** 80);
}

/** Converts a finite float64, a multiple of 2⁻¹⁰⁷⁴, to fixed point, truncated below 2⁻³²⁰. */
function fixed(value: number): bigint {
  const exponent = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value)));
  const mantissa = BigInt(Math.round((value / 2 ** exponent) * 2 ** 52));
  const shift = BITS + BigInt(exponent) - 52n;
  return shift >= 0n ? mantissa << shift : mantissa >> -shift;
}

function invert(a: readonly (readonly bigint[])[]): bigint[][] {
  const n = a.length;
  const rows = a.map((row, i) => [...row, ...row.map((_, j) => (i === j ? ONE : 0n))]);
  for (let k = 0; k < n; k++) {
    const pivot = rows.reduce((best, row, i) => (i > k && absolute(row[k]!) > absolute(rows[best]![k]!) ? i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    const divisor = rows[k]![k]!;
    rows[k] = rows[k]!.map((value) => (value * ONE) / divisor);
    for (let i = 0; i < n; i++) {
      const factor = rows[i]![k]!;
      if (i !== k) rows[i] = rows[i]!.map((value, j) => value - (factor * rows[k]![j]!) / ONE);
    }
  }
  return rows.map((row) => row.slice(n));
}

const rowsOf = (n: number, a: ArrayLike<number>, convert: (value: number) => bigint): bigint[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => convert(a[i * n + j]!)));

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
