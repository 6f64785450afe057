/** Largest accepted error. LAPACK's own tests reject results above 30 to 50 of these units, by routine. */
const WRONG = 50;

/**
 * Errors of a factorization by its definition alone, in Frobenius norms and units of max(m, n) ulp of the task's dtype:
 * `residual` relative to ‖A‖, and `orthogonality`, ‖QᵀQ − I‖, the larger one of two factors.
 *
 * | | residual |
 * |---|---|
 * | svd | A − U S Vᵀ |
 * | eigh | A V − V Λ |
 * | qr | A − Q R |
 * | polar, P = U Vᵀ | the larger of A − A Pᵀ P and A Pᵀ − P Aᵀ, which are zero for that factor alone |
 * | randomizedSvd | Uᵀ A − S Vᵀ, which is zero for every subspace |
 */
export function accuracy(task, { data }, result) {
  const { m, n, dtype, routine } = task;
  const unit = Math.max(m, n) * (dtype === "float32" ? 2 ** -23 : 2 ** -52);
  const { residual, orthogonality } = measures[routine](task, data, result);
  const scores = { residual: residual / size(data) / unit, orthogonality: orthogonality / unit };
  return { ...scores, right: scores.residual <= WRONG && scores.orthogonality <= WRONG };
}

const measures = {
  svd: ({ m, n }, a, { u, s, vt }) => ({
    residual: distance(a, times(m, n, s.length, u, scaledRows(s, vt, n))),
    orthogonality: Math.max(skew(m, s.length, u), skew(n, s.length, flipped(s.length, n, vt))),
  }),
  eigh: ({ n }, a, { values, vectors }) => ({
    residual: distance(
      times(n, n, n, a, vectors),
      Float64Array.from(vectors, (x, i) => x * values[i % n]),
    ),
    orthogonality: skew(n, n, vectors),
  }),
  qr: ({ m, n }, a, { q, r }) => ({ residual: distance(a, times(m, n, n, q, r)), orthogonality: skew(m, n, q) }),
  polar({ m, n }, a, { u }) {
    const ut = flipped(m, n, u);
    const h = times(m, m, n, a, ut);
    const residual = Math.max(distance(a, times(m, n, m, h, u)), distance(h, flipped(m, m, h)));
    return { residual, orthogonality: skew(n, m, ut) };
  },
  randomizedSvd: ({ m, n, rank }, a, { u, s, vt }) => ({
    residual: distance(times(rank, n, m, flipped(m, rank, u), a), scaledRows(s, vt, n)),
    orthogonality: Math.max(skew(m, rank, u), skew(n, rank, flipped(rank, n, vt))),
  }),
};

/** Product A B of m × k and k × n, in float64. */
function times(m, n, k, a, b) {
  const out = new Float64Array(m * n);
  const right = Float64Array.from(b);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const x = a[i * k + l];
      for (let j = 0, at = l * n; j < n; j++, at++) out[i * n + j] += x * right[at];
    }
  }
  return out;
}

/** ‖QᵀQ − I‖ of an m × n matrix. */
function skew(m, n, q) {
  const products = times(n, n, m, flipped(m, n, q), q);
  for (let i = 0; i < n; i++) products[i * (n + 1)] -= 1;
  return size(products);
}

function flipped(m, n, a) {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j];
  }
  return out;
}

const scaledRows = (s, a, n) => Float64Array.from(a, (x, i) => x * s[Math.floor(i / n)]);

const size = (a) => Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));

/** Distance in Frobenius norm; NaN if the lengths differ, for a wrong shape. */
function distance(a, b) {
  if (a.length !== b.length) return Number.NaN;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}
