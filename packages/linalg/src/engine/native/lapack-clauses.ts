import type { Lapack, Triangle } from "../lapack.ts";
import type { Clause } from "./clause.ts";

/** Tolerance for a backward stable method, relative to the norm, for the few rows here. */
const TOLERANCE = 1e-13;

/** The statements of the contract of `Lapack`. Each holds for an engine without one. */
export const lapackClauses: readonly Clause[] = [
  {
    text: "factorRows and formRows give X = L Q and orthonormal rows",
    holds: ({ lapack }) =>
      lapack === undefined ||
      (factorsRows(lapack, 3, 5, 3) && factorsRows(lapack, 3, 5, 5) && factorsRows(lapack, 5, 3, 3)),
  },
  {
    text: "factorLu gives P A = L U with factors of at most one",
    holds: ({ lapack }) =>
      lapack === undefined || (eliminates(lapack, 6, 6) && eliminates(lapack, 7, 4) && eliminates(lapack, 4, 7)),
  },
  {
    text: "factorCholesky gives A = L Lᵀ, and the first pivot that is not positive",
    holds: ({ lapack }) => lapack === undefined || (factorsDefinite(lapack, 6) && findsPivot(lapack, 6, 4)),
  },
  {
    text: "solveTriangular solves with every triangle",
    holds: ({ lapack }) => lapack === undefined || TRIANGLES.every((triangle) => solves(lapack, 5, 3, triangle)),
  },
  {
    text: "hessenberg and realSchur give A = Q H Qᵀ with orthogonal Q",
    holds: ({ lapack }) => lapack === undefined || (reduces(lapack, 6) && findsSchurForm(lapack, 6)),
  },
  {
    text: "symmetricEigen gives descending values and orthonormal eigenvectors",
    holds: ({ lapack }) => lapack === undefined || findsEigenvectors(lapack, 6),
  },
  {
    text: "svd gives descending values and orthonormal singular vectors",
    holds: ({ lapack }) => lapack === undefined || (findsSvd(lapack, 4, 7, 4) && findsSvd(lapack, 4, 7, 7)),
  },
];

const TRIANGLES: readonly Triangle[] = [true, false].flatMap((lower) =>
  [true, false].flatMap((transposed) => [true, false].map((unit) => ({ lower, transposed, unit }))),
);

const entry = (i: number, j: number): number => 1 / (1 + ((3 * i + 5 * j) % 11)) - (i === j ? 1 : 0);

const packed = (rows: number, cols: number, value: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: rows * cols }, (_, at) => value(Math.floor(at / cols), at % cols));

const sum = (length: number, term: (p: number) => number): number => {
  let total = 0;
  for (let p = 0; p < length; p++) total += term(p);
  return total;
};

/** Whether `value` is within the tolerance of `expected` for all rows and columns. */
function agree(
  rows: number,
  cols: number,
  value: (i: number, j: number) => number,
  expected: (i: number, j: number) => number,
): boolean {
  return packed(rows, cols, (i, j) => value(i, j) - expected(i, j)).every((error) => Math.abs(error) <= TOLERANCE);
}

const haveOrthonormalRows = (rows: number, cols: number, x: Float64Array): boolean =>
  agree(
    rows,
    rows,
    (i, j) => sum(cols, (p) => x[i * cols + p]! * x[j * cols + p]!),
    (i, j) => (i === j ? 1 : 0),
  );

const descend = (values: Float64Array): boolean => values.every((value, i) => i === 0 || value <= values[i - 1]!);

/** L Q of m × n, then p rows of length n. */
function factorsRows(lapack: Lapack, m: number, n: number, p: number): boolean {
  const k = Math.min(m, n);
  const x = new Float64Array(Math.max(m, p) * n);
  x.set(packed(m, n, entry));
  const tau = new Float64Array(k);
  lapack.factorRows(m, n, x, tau);
  const l = packed(m, k, (i, j) => (j <= i ? x[i * n + j]! : 0));
  lapack.formRows(k, p, n, x, tau);
  return haveOrthonormalRows(p, n, x) && agree(m, n, (i, j) => sum(k, (q) => l[i * k + q]! * x[q * n + j]!), entry);
}

function eliminates(lapack: Lapack, m: number, n: number): boolean {
  const k = Math.min(m, n);
  const [a, pivots] = [packed(m, n, entry), new Int32Array(k)];
  if (!lapack.factorLu(m, n, a, pivots)) return false;
  const order = Array.from({ length: m }, (_, i) => i);
  for (let i = 0; i < k; i++) {
    const other = pivots[i]!;
    if (!(other >= i && other < m)) return false;
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  const l = (i: number, p: number): number => (p < i ? a[i * n + p]! : p === i ? 1 : 0);
  const u = (p: number, j: number): number => (p <= j ? a[p * n + j]! : 0);
  return (
    packed(m, k, l).every((factor) => Math.abs(factor) <= 1) &&
    agree(
      m,
      n,
      (i, j) => sum(k, (p) => l(i, p) * u(p, j)),
      (i, j) => entry(order[i]!, j),
    )
  );
}

const definite = (i: number, j: number): number => entry(Math.min(i, j), Math.max(i, j)) + (i === j ? 8 : 0);

function factorsDefinite(lapack: Lapack, n: number): boolean {
  const a = packed(n, n, (i, j) => (j <= i ? definite(i, j) : Number.NaN));
  const l = (i: number, p: number): number => (p <= i ? a[i * n + p]! : 0);
  return lapack.factorCholesky(n, a) === n && agree(n, n, (i, j) => sum(n, (p) => l(i, p) * l(j, p)), definite);
}

function findsPivot(lapack: Lapack, n: number, at: number): boolean {
  const a = packed(n, n, (i, j) => (i === at && j === at ? -1 : definite(i, j)));
  return lapack.factorCholesky(n, a) === at;
}

/** Solves with n × p right-hand sides; the other triangle, and a diagonal of ones, are not read. */
function solves(lapack: Lapack, n: number, p: number, triangle: Triangle): boolean {
  const { lower, transposed, unit } = triangle;
  const t = (i: number, j: number): number => {
    if (i === j) return unit ? 1 : 2 + i;
    return lower === j < i ? entry(i, j) : 0;
  };
  const stored = packed(n, n, (i, j) => (t(i, j) === 0 || (i === j && unit) ? Number.NaN : t(i, j)));
  const x = packed(n, p, (i, j) => sum(n, (q) => (transposed ? t(q, i) : t(i, q)) * entry(q, j)));
  return lapack.solveTriangular(n, stored, triangle, p, x) && agree(n, p, (i, j) => x[i * p + j]!, entry);
}

/** Whether entry = Q H Qᵀ, Q orthogonal, and H without elements below its first subdiagonal. */
function isSimilar(n: number, h: Float64Array, q: Float64Array): boolean {
  const isHessenberg = h.every((value, at) => value === 0 || Math.floor(at / n) <= (at % n) + 1);
  const hq = packed(n, n, (i, j) => sum(n, (p) => h[i * n + p]! * q[j * n + p]!));
  return (
    isHessenberg &&
    haveOrthonormalRows(n, n, q) &&
    agree(n, n, (i, j) => sum(n, (p) => q[i * n + p]! * hq[p * n + j]!), entry)
  );
}

function reduces(lapack: Lapack, n: number): boolean {
  const [h, q] = [packed(n, n, entry), new Float64Array(n * n)];
  lapack.hessenberg(n, 0, n - 1, h, q);
  return isSimilar(n, h, q);
}

/** The blocks alone have the same eigenvalues: the same trace, and the same trace of the square. */
function findsSchurForm(lapack: Lapack, n: number): boolean {
  const [t, z, alone] = [packed(n, n, entry), new Float64Array(n * n), packed(n, n, entry)];
  lapack.realSchur("createNativeEngine", n, 0, n - 1, t, z);
  lapack.realSchur("createNativeEngine", n, 0, n - 1, alone, undefined);
  const product = (x: Float64Array, i: number, j: number): number =>
    Math.abs(i - j) <= 1 ? x[i * n + j]! * x[j * n + i]! : 0;
  const squares = (x: Float64Array): number => sum(n, (i) => sum(n, (j) => product(x, i, j)));
  const trace = (x: Float64Array): number => sum(n, (i) => x[i * n + i]!);
  const same = Math.abs(trace(t) - trace(alone)) + Math.abs(squares(t) - squares(alone)) <= 100 * TOLERANCE;
  const hasBlocks = packed(n - 2, 1, (i) => t[(i + 1) * n + i]! * t[(i + 2) * n + i + 1]!).every((both) => both === 0);
  return same && hasBlocks && isSimilar(n, t, z);
}

function findsEigenvectors(lapack: Lapack, n: number): boolean {
  const symmetric = (i: number, j: number): number => entry(Math.min(i, j), Math.max(i, j));
  const [values, alone, vectors] = [new Float64Array(n), new Float64Array(n), new Float64Array(n * n)];
  lapack.symmetricEigen("createNativeEngine", n, packed(n, n, symmetric), values, vectors);
  lapack.symmetricEigen("createNativeEngine", n, packed(n, n, symmetric), alone, undefined);
  return (
    descend(values) &&
    haveOrthonormalRows(n, n, vectors) &&
    agree(
      n,
      1,
      (i) => alone[i]!,
      (i) => values[i]!,
    ) &&
    agree(n, n, (i, j) => sum(n, (q) => values[q]! * vectors[q * n + i]! * vectors[q * n + j]!), symmetric)
  );
}

/** n × m, with p right singular vectors. */
function findsSvd(lapack: Lapack, n: number, m: number, p: number): boolean {
  const [s, alone] = [new Float64Array(n), new Float64Array(n)];
  const [right, left] = [new Float64Array(p * m), new Float64Array(n * n)];
  lapack.svd("createNativeEngine", n, m, packed(n, m, entry), s, { p, right, left });
  lapack.svd("createNativeEngine", n, m, packed(n, m, entry), alone, undefined);
  return (
    descend(s) &&
    haveOrthonormalRows(n, n, left) &&
    haveOrthonormalRows(p, m, right) &&
    agree(
      n,
      1,
      (i) => alone[i]!,
      (i) => s[i]!,
    ) &&
    agree(n, m, (i, j) => sum(n, (q) => s[q]! * left[q * n + i]! * right[q * m + j]!), entry)
  );
}
