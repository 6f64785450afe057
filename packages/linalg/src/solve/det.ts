import type { Engine } from "../engine/engine.ts";
import { checkSquare } from "../matrix/checks.ts";
import type { MatrixLike } from "../matrix/matrix.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { largest, packScaled, powerOfTwo, timesPowerOfTwo } from "../memory/scale.ts";
import {
  allOf,
  checkWorkspace,
  sizeOfFloat64,
  sizeOfInt32,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";
import { factorLu } from "./lu.ts";

/**
 * Determinant, by Gaussian elimination with partial pivoting in float64. 1 for an empty matrix.
 *
 * @param a - n × n, any strides.
 * @param work - at least {@link detWorkspace} bytes; taken for the call if left out.
 * @returns a float64; Infinity or 0 only if the determinant itself lies outside its range.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError}
 * Accuracy: the exact determinant of a matrix within c n ε₆₄ of `a`, row by row. Cost: (2/3)n³ flops.
 *
 * @see Higham, Accuracy and Stability of Numerical Algorithms (2002), §14.6.
 *
 * @example
 * det(fromRows([[0, 1], [1, 0]])); // -1
 */
export function det(a: MatrixLike, work?: Workspace): number {
  const { digits, exponent } = determinant("det", a, work);
  return digits === 0 ? 0 : timesPowerOfTwo(digits, exponent);
}

/** Result of {@link slogdet}. */
export interface Slogdet {
  /** −1, 0 or 1. */
  readonly sign: number;
  /** Logarithm of the determinant's magnitude; −Infinity for 0. */
  readonly logAbsDet: number;
}

/**
 * Sign and logarithm of a determinant, which itself may lie outside the range; see {@link det}.
 *
 * Accuracy: that of {@link det}, as an absolute error of the logarithm.
 *
 * @example
 * slogdet(fromRows([[0, 1], [1, 0]])); // { sign: -1, logAbsDet: 0 }
 */
export function slogdet(a: MatrixLike, work?: Workspace): Slogdet {
  return logarithmOf(determinant("slogdet", a, work));
}

/** Bytes of scratch that {@link det} and {@link slogdet} need for an n × n matrix. */
export const detWorkspace = (n: number): WorkspaceSize => allOf(sizeOfFloat64(n * n), sizeOfInt32(n));

/** Divides each row by a power of two that brings its largest element to [1, 2); returns the sum of the exponents. */
function scaleRows(n: number, a: Float64Array, engine: Engine): number {
  let exponent = 0;
  for (let i = 0; i < n; i++) {
    const unit = powerOfTwo(engine.largest(n, a, i * n));
    engine.axpby(n, 1 / unit, a, i * n, 0, a, i * n);
    exponent += Math.log2(unit);
  }
  return exponent;
}

/** A determinant, digits 2^exponent. Apart, because the product of the pivots may leave the range where the determinant does not. */
export interface Determinant {
  readonly digits: number;
  readonly exponent: number;
}

export const logarithmOf = ({ digits, exponent }: Determinant): Slogdet =>
  digits === 0
    ? { sign: 0, logAbsDet: -Infinity }
    : { sign: Math.sign(digits), logAbsDet: Math.log(Math.abs(digits)) + exponent * Math.LN2 };

/** The product of the pivots of a factorization by {@link factorLu}, of a matrix that was divided by 2^exponent. */
export function productOfPivots(n: number, lu: Float64Array, pivots: Int32Array, exponent: number): Determinant {
  let [digits, shift] = [1, exponent];
  for (let i = 0; i < n; i++) {
    const pivot = pivots[i] === i ? lu[i * n + i]! : -lu[i * n + i]!;
    const size = powerOfTwo(Math.abs(digits * pivot));
    digits = (digits * pivot) / size;
    shift += Math.log2(size);
  }
  return { digits, exponent: shift };
}

function determinant(operation: string, a: MatrixLike, work?: Workspace): Determinant {
  const n = checkSquare(operation, a);
  if (work === undefined) return withWorkspace(operation, detWorkspace(n), (own) => determinant(operation, a, own));
  checkWorkspace(operation, work);
  largest(operation, a, work.engine);
  return work.scope(() => {
    const lu = packScaled(work.engine, work.float64(n * n), a, 1);
    const pivots = work.int32(n);
    const exponent = scaleRows(n, lu, work.engine);
    factorLu(n, lu, pivots, work);
    return productOfPivots(n, lu, pivots, exponent);
  });
}
