import { type Dense, dense } from "./dense.ts";

/** Hilbert's matrix, 1 / (i + j + 1): condition e^{3.5 n}. */
export const hilbert = (n: number): Dense => dense(n, n, (i, j) => 1 / (i + j + 1));

/** Kahan's matrix: upper triangular with a geometric diagonal, and a condition far above the diagonal's ratio (Kahan 1966). */
export function kahan(n: number, theta = 1.2): Dense {
  const [c, s] = [Math.cos(theta), Math.sin(theta)];
  return dense(n, n, (i, j) => (i > j ? 0 : s ** i * (i === j ? 1 : -c)));
}

/** Wilkinson's W⁺ of odd order: tridiagonal, with pairs of eigenvalues that agree to many digits (Wilkinson 1965). */
export const wilkinson = (n: number): Dense =>
  dense(n, n, (i, j) => (i === j ? Math.abs(i - (n - 1) / 2) : Math.abs(i - j) === 1 ? 1 : 0));

/** Lauchli's (n + 1) × n matrix: a row of ones over mu times the identity; its Gram matrix loses mu² (Lauchli 1961). Singular values √(n + mu²), mu … */
export const lauchli = (n: number, mu: number): Dense =>
  dense(n + 1, n, (i, j) => (i === 0 ? 1 : i === j + 1 ? mu : 0));

/** Second difference, tridiagonal with −1, 2, −1: eigenvalues 2 − 2 cos(π j / (n + 1)). */
export const secondDifference = (n: number): Dense =>
  dense(n, n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0));

/** Frank's matrix: upper Hessenberg, eigenvalues positive in pairs of reciprocals, the small ones ill conditioned (Frank 1958). */
export const frank = (n: number): Dense => dense(n, n, (i, j) => (j >= i - 1 ? n - Math.max(i, j) : 0));

/** Grcar's matrix: Toeplitz, with eigenvalues far more sensitive than its small elements suggest (Grcar 1989). */
export const grcar = (n: number): Dense => dense(n, n, (i, j) => (j === i - 1 ? -1 : j >= i && j <= i + 3 ? 1 : 0));

/** Jordan block of one eigenvalue: defective, with a single eigenvector. */
export const jordan = (n: number, value: number): Dense =>
  dense(n, n, (i, j) => (i === j ? value : j === i + 1 ? 1 : 0));

/** Permutation of n elements in a cycle: its eigenvalues are the roots of unity, and shifts taken from its corner stall. */
export const cycle = (n: number): Dense => dense(n, n, (i, j) => (j === (i + 1) % n ? 1 : 0));

/** Companion matrix of the monic polynomial with the given real roots, which are its eigenvalues. */
export function companion(roots: readonly number[]): Dense {
  const n = roots.length;
  const coefficients = new Float64Array(n + 1); // from x⁰ on
  coefficients[0] = 1;
  roots.forEach((root, degree) => {
    for (let i = degree + 1; i >= 0; i--) coefficients[i] = (coefficients[i - 1] ?? 0) - root * coefficients[i]!;
  });
  return dense(n, n, (i, j) => (j === n - 1 ? -coefficients[i]! : i === j + 1 ? 1 : 0));
}
