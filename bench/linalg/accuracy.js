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
 * | svdvals | ‖A‖² − Σ s², relative to ‖A‖² |
 * | eig | A V − V Λ |
 * | cholesky | A − L Lᵀ |
 * | inv, solve | A X − I, A x − b, relative to ‖A‖ ‖X‖ |
 * | lstsq | Aᵀ (A x − b), relative to ‖A‖² ‖b‖ |
 * | det | the logarithm's distance from that of a plain elimination, relative to ‖A‖, which is about √n |
 */
export function accuracy(task, [{ data }, right], result) {
  const { m, n, dtype, routine } = task;
  const unit = Math.max(m, n) * (dtype === "float32" ? 2 ** -23 : 2 ** -52);
  const { residual, orthogonality } = measures[routine](task, data, result, right?.data);
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
  svdvals: (_, a, { s }) => ({ residual: Math.abs(size(a) ** 2 - size(s) ** 2) / size(a), orthogonality: 0 }),
  eig: ({ n }, a, { re, im, vectorsRe: x, vectorsIm: y }) => {
    const part = (left, right, sign) => Float64Array.from(left, (v, i) => v * re[i % n] + sign * right[i] * im[i % n]);
    const residual = Math.hypot(
      distance(times(n, n, n, a, x), part(x, y, -1)),
      distance(times(n, n, n, a, y), part(y, x, 1)),
    );
    return { residual, orthogonality: 0 };
  },
  cholesky: ({ n }, a, { l }) => ({ residual: distance(a, times(n, n, n, l, flipped(n, n, l))), orthogonality: 0 }),
  inv: ({ n }, a, { x }) => {
    const identity = Float64Array.from({ length: n * n }, (_, at) => Number(at % (n + 1) === 0));
    return { residual: distance(times(n, n, n, a, x), identity) / size(x), orthogonality: 0 };
  },
  solve: ({ n }, a, { x }, b) => ({ residual: distance(times(n, 1, n, a, x), b) / size(x), orthogonality: 0 }),
  lstsq({ m, n }, a, { x }, b) {
    const left = times(m, 1, n, a, x).map((value, i) => value - b[i]);
    return { residual: size(times(n, 1, m, flipped(m, n, a), left)) / size(a) / size(b), orthogonality: 0 };
  },
  det: ({ n }, a, { det }) => ({
    residual: Math.abs(Math.log(Math.abs(det[0])) - logDeterminant(n, a)),
    orthogonality: 0,
  }),
  randomizedSvd: ({ m, n, rank }, a, { u, s, vt }) => ({
    residual: distance(times(rank, n, m, flipped(m, rank, u), a), scaledRows(s, vt, n)),
    orthogonality: Math.max(skew(m, rank, u), skew(n, rank, flipped(rank, n, vt))),
  }),
};

/** Σ log |pivot| of a plain elimination with partial pivoting. */
function logDeterminant(n, a) {
  const x = Float64Array.from(a);
  let sum = 0;
  for (let k = 0; k < n; k++) {
    let most = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(x[i * n + k]) > Math.abs(x[most * n + k])) most = i;
    const row = x.slice(most * n, (most + 1) * n);
    x.copyWithin(most * n, k * n, (k + 1) * n);
    x.set(row, k * n);
    sum += Math.log(Math.abs(row[k]));
    for (let i = k + 1; i < n; i++) {
      const factor = x[i * n + k] / row[k];
      for (let j = k + 1; j < n; j++) x[i * n + j] -= factor * row[j];
    }
  }
  return sum;
}

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
