import { DomainError } from "../errors.ts";

/** Order of the diagonal block that starts at row k of the packed n × n matrix `t` in real Schur form. */
export const sizeAt = (n: number, t: Float64Array, k: number): 1 | 2 => (k + 1 < n && t[(k + 1) * n + k] !== 0 ? 2 : 1);

/** Refuses a matrix unit · t in real Schur form with a real eigenvalue of t below `least`. @throws {DomainError} */
export function checkSpectrum(operation: string, n: number, t: Float64Array, unit: number, least: number): void {
  for (let k = 0; k < n; k += sizeAt(n, t, k)) {
    const value = t[k * n + k]!;
    if (sizeAt(n, t, k) === 2 || value >= least) continue;
    const kind = least > 0 ? "outside of (-Infinity, 0]" : "that are not negative";
    throw new DomainError(
      operation,
      `expected eigenvalues ${kind}, got ${unit * value}: no real principal value exists`,
    );
  }
}
