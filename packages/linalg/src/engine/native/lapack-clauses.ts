import type { Lapack } from "../lapack.ts";
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
    text: "symmetricEigen gives descending values and orthonormal eigenvectors",
    holds: ({ lapack }) => lapack === undefined || findsEigenvectors(lapack, 6),
  },
  {
    text: "svd gives descending values and orthonormal singular vectors",
    holds: ({ lapack }) => lapack === undefined || (findsSvd(lapack, 4, 7, 4) && findsSvd(lapack, 4, 7, 7)),
  },
];

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
