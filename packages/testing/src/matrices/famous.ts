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
