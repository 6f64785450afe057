/** Float64 matrix as an array of rows. The functions here follow the definitions, and share no code with the code under test. */
export type Rows = number[][];

export const EPS32: number = 2 ** -23;

/** Creates a generator of numbers in (−1, 1) (xorshift32). */
export function noise(seed: number): () => number {
  let x = (seed * 2654435769 + 1) >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 31 - 1;
  };
}

export const random = (rows: number, cols: number, seed: number): Rows => {
  const next = noise(seed);
  return fill(rows, cols, () => Math.fround(next()));
};

export const fill = (rows: number, cols: number, value: (i: number, j: number) => number): Rows =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, j) => value(i, j)));

export const transposed = (a: Rows): Rows => fill(a[0]!.length, a.length, (i, j) => a[j]![i]!);

export const times = (a: Rows, b: Rows): Rows =>
  fill(a.length, b[0]!.length, (i, j) => b.reduce((sum, row, k) => sum + a[i]![k]! * row[j]!, 0));

/** alpha a + beta b. */
export const combined = (alpha: number, a: Rows, beta: number, b: Rows): Rows =>
  fill(a.length, a[0]!.length, (i, j) => alpha * a[i]![j]! + beta * b[i]![j]!);

export const scaled = (alpha: number, a: Rows): Rows => combined(alpha, a, 0, a);

export const frobenius = (a: Rows): number => Math.sqrt(a.flat().reduce((sum, x) => sum + x * x, 0));

export const flat = (a: Rows): Float32Array => Float32Array.from(a.flat());

export const unflat = (rows: number, cols: number, data: ArrayLike<number>): Rows =>
  fill(rows, cols, (i, j) => data[i * cols + j]!);

/** Singular value decomposition by Hestenes' one-sided rotations; values descend. */
export function svd(a: Rows): { u: Rows; s: number[]; v: Rows } {
  if (a.length < a[0]!.length) {
    const { u, s, v } = svd(transposed(a));
    return { u: v, s, v: u };
  }
  const columns = transposed(a);
  const v = fill(columns.length, columns.length, (i, j) => (i === j ? 1 : 0));
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  for (let sweep = 0; sweep < 60; sweep++) {
    let rotated = false;
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const [alpha, beta, gamma] = [
          dot(columns[p]!, columns[p]!),
          dot(columns[q]!, columns[q]!),
          dot(columns[p]!, columns[q]!),
        ];
        if (Math.abs(gamma) <= 1e-16 * Math.sqrt(alpha * beta)) continue;
        rotated = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        for (const pair of [columns, v]) {
          const [x, y] = [pair[p]!, pair[q]!];
          pair[p] = x.map((value, i) => c * value - c * t * y[i]!);
          pair[q] = x.map((value, i) => c * t * value + c * y[i]!);
        }
      }
    }
    if (!rotated) break;
  }
  const order = columns
    .map((column, i) => ({ norm: Math.sqrt(dot(column, column)), i }))
    .sort((x, y) => y.norm - x.norm);
  const s = order.map(({ norm }) => norm);
  const u = transposed(order.map(({ norm, i }) => columns[i]!.map((x) => (norm > 0 ? x / norm : 0))));
  return { u, s, v: transposed(order.map(({ i }) => v[i]!)) };
}

/** U Vᵀ over the singular values above `tolerance` times the largest. */
export function polarOf(a: Rows, tolerance = 1e-12): Rows {
  const { u, s, v } = svd(a);
  const kept = s.filter((value) => value > tolerance * s[0]!).length;
  return times(
    u.map((row) => row.slice(0, kept)),
    transposed(v.map((row) => row.slice(0, kept))),
  );
}

/** Every row divided by its length; a row of zeros stays. */
export const withUnitRows = (a: Rows): Rows => a.map((row) => row.map((x) => x / (Math.hypot(...row) || 1)));

/** The first `rank` left singular vectors as columns. */
export const leadingLeft = (a: Rows, rank: number): Rows => svd(a).u.map((row) => row.slice(0, rank));

/** A matrix with the given singular values and random directions. */
export function withSpectrum(rows: number, cols: number, spectrum: readonly number[], seed: number): Rows {
  const { u } = svd(random(rows, spectrum.length, seed));
  const { u: v } = svd(random(cols, spectrum.length, seed + 1));
  return times(
    u.map((row) => row.map((x, j) => x * spectrum[j]!)),
    transposed(v),
  ).map((row) => row.map(Math.fround));
}
