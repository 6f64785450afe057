/**
 * The reflectors of a double step, applied from the right: number k, for start ≤ k < last, is I − tau v vᵀ on columns k … k + 2 with
 * v = (1, second, third); the last of them has third = 0 and acts on two columns.
 */
export interface ReflectorSweep {
  start: number;
  last: number;
  readonly tau: Float64Array;
  readonly second: Float64Array;
  readonly third: Float64Array;
}

/**
 * Rows top … bottom − 1 of the packed matrix `x` with rows of length n ← themselves times the reflectors in turn; row j takes those
 * beyond number j alone if `triangular`. Row by row, because a row's elements stay in registers from one reflector to the next.
 */
export function applySweep(
  sweep: ReflectorSweep,
  x: Float64Array,
  n: number,
  top: number,
  bottom: number,
  triangular: boolean,
): void {
  const { start, last } = sweep;
  let j = top;
  for (; j + 4 <= bottom; j += 4) {
    const from = triangular ? Math.max(start, j + 4) : start;
    if (triangular && from > start) {
      for (let r = 0; r < 4; r++) reflectRow(sweep, x, (j + r) * n, Math.max(start, j + r + 1), Math.min(from, last));
    }
    if (from < last) reflectFourRows(sweep, x, j * n, n, from);
  }
  for (; j < bottom; j++) reflectRow(sweep, x, j * n, triangular ? Math.max(start, j + 1) : start, last);
}

/** Reflectors from … to − 1 on one row. */
function reflectRow(
  { last, tau, second, third }: ReflectorSweep,
  x: Float64Array,
  row: number,
  from: number,
  to: number,
): void {
  for (let k = from; k < to; k++) {
    const at = row + k;
    const [v1, v2] = [second[k]!, third[k]!];
    const inside = k + 1 < last;
    const sum = tau[k]! * (x[at]! + v1 * x[at + 1]! + (inside ? v2 * x[at + 2]! : 0));
    x[at]! -= sum;
    x[at + 1]! -= v1 * sum;
    if (inside) x[at + 2]! -= v2 * sum;
  }
}

/** Reflectors from `from` on, of which there is one at least, on four rows: four sums that need not wait for each other. */
function reflectFourRows(
  { last, tau, second, third }: ReflectorSweep,
  x: Float64Array,
  row: number,
  n: number,
  from: number,
): void {
  let [a, b, c, d] = [row + from, row + n + from, row + 2 * n + from, row + 3 * n + from];
  let [a0, b0, c0, d0] = [x[a]!, x[b]!, x[c]!, x[d]!];
  let [a1, b1, c1, d1] = [x[a + 1]!, x[b + 1]!, x[c + 1]!, x[d + 1]!];
  let k = from;
  for (; k + 1 < last; k++) {
    const t = tau[k]!;
    const v1 = second[k]!;
    const v2 = third[k]!;
    const a2 = x[a + 2]!;
    const b2 = x[b + 2]!;
    const c2 = x[c + 2]!;
    const d2 = x[d + 2]!;
    const aSum = t * (a0 + v1 * a1 + v2 * a2);
    const bSum = t * (b0 + v1 * b1 + v2 * b2);
    const cSum = t * (c0 + v1 * c1 + v2 * c2);
    const dSum = t * (d0 + v1 * d1 + v2 * d2);
    x[a++] = a0 - aSum;
    x[b++] = b0 - bSum;
    x[c++] = c0 - cSum;
    x[d++] = d0 - dSum;
    a0 = a1 - v1 * aSum;
    b0 = b1 - v1 * bSum;
    c0 = c1 - v1 * cSum;
    d0 = d1 - v1 * dSum;
    a1 = a2 - v2 * aSum;
    b1 = b2 - v2 * bSum;
    c1 = c2 - v2 * cSum;
    d1 = d2 - v2 * dSum;
  }
  const t = tau[k]!;
  const v1 = second[k]!;
  const aSum = t * (a0 + v1 * a1);
  const bSum = t * (b0 + v1 * b1);
  const cSum = t * (c0 + v1 * c1);
  const dSum = t * (d0 + v1 * d1);
  x[a] = a0 - aSum;
  x[b] = b0 - bSum;
  x[c] = c0 - cSum;
  x[d] = d0 - dSum;
  x[a + 1] = a1 - v1 * aSum;
  x[b + 1] = b1 - v1 * bSum;
  x[c + 1] = c1 - v1 * cSum;
  x[d + 1] = d1 - v1 * dSum;
}
