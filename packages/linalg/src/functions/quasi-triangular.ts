import { DomainError } from "../errors.ts";
import type { Dtype } from "../matrix/real.ts";
import type { Workspace } from "../memory/workspace.ts";

/** Order of the diagonal block that starts at row k of the packed n × n matrix `t` in real Schur form. */
export const sizeAt = (n: number, t: Float64Array, k: number): 1 | 2 => (k + 1 < n && t[(k + 1) * n + k] !== 0 ? 2 : 1);

/**
 * Refuses a matrix unit · t, with t in real Schur form and eigenvalues that are right to `rounding`, that has a negative eigenvalue or,
 * if it must be `nonsingular`, one that may be zero. @throws {DomainError}
 */
export function checkSpectrum(
  operation: string,
  n: number,
  t: Float64Array,
  unit: number,
  rounding: number,
  nonsingular: boolean,
): void {
  for (let k = 0; k < n; k += sizeAt(n, t, k)) {
    const re = t[k * n + k]!;
    const paired = sizeAt(n, t, k) === 2;
    if (!paired && re < -rounding) {
      throw new DomainError(
        operation,
        `expected no negative eigenvalue, got ${unit * re}: there is no real principal value`,
      );
    }
    const size = paired ? Math.hypot(re, blockIm(t[k * n + k + 1]!, t[(k + 1) * n + k]!)) : Math.abs(re);
    if (nonsingular && size <= rounding) {
      throw new DomainError(operation, `expected no eigenvalue 0, got ${unit * size}, which is 0 to rounding`);
    }
  }
}

/** Imaginary part of the eigenvalues of a standard block, from the elements beside its diagonal. */
export const blockIm = (upper: number, lower: number): number =>
  Math.sqrt(Math.abs(upper)) * Math.sqrt(Math.abs(lower));

/** Rounding of the eigenvalues of the packed n × n matrix `t`, whose elements were rounded to the dtype. */
export const roundingOf = (n: number, t: Float64Array, type: Dtype, { engine }: Workspace): number =>
  n * ULP[type] * Math.sqrt(engine.dot(n * n, t, 0, t, 0));

const ULP = { float32: 2 ** -23, float64: Number.EPSILON } as const;
