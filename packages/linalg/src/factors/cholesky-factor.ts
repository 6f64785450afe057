import { checkSquare, dtype } from "../matrix/checks.ts";
import { identity, type Matrix, type MatrixLike, newMatrix, type Vector } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { byLowerTriangle, checkTriangleOptions, type TriangleOptions } from "../matrix/triangle.ts";
import { inFormOf, type VectorLike } from "../matrix/vector.ts";
import { withWorkspace } from "../memory/allocate.ts";
import {
  checkRange,
  exponentOf,
  largestOfTriangle,
  packScaled,
  shiftRow,
  timesPowerOfTwo,
  unpackScaled,
} from "../memory/scale.ts";
import { sizeOfFloat64 } from "../memory/workspace.ts";
import { choleskyWorkspace, factorInUnits } from "../solve/cholesky.ts";
import { type Determinant, logarithmOf, type Slogdet } from "../solve/det.ts";
import { solveLower } from "../solve/triangular.ts";
import { checkRightSide } from "./right-side.ts";

/** A symmetric positive definite matrix after its Cholesky factorization. Holds no heap memory: nothing is to be disposed of. */
export interface CholeskyFactor<D extends Real = Real> {
  /** Solves a x = b. A vector gives a vector. @throws {OverflowError} */
  solve(b: D): Vector<D>;
  solve(b: MatrixLike<D>): Matrix<D>;
  inverse(): Matrix<D>;
  /** The determinant; Infinity or 0 only if it lies outside the range. */
  det(): number;
  slogdet(): Slogdet;
}

/**
 * Cholesky factorization of a symmetric positive definite matrix, once for many right-hand sides; {@link cholesky} returns the factor itself.
 *
 * @param a - n × n, any strides; only one triangle is read, the lower one unless `triangle` says otherwise. Nothing of it is kept.
 * @throws {ShapeError} @throws {NonFiniteError} @throws {OptionError} @throws {SingularError} if it is not positive definite to working precision.
 * Accuracy: ‖b − a x‖ ≤ c n² ε₆₄ ‖a‖ ‖x‖ before rounding to the dtype; variables may be in different units. Cost: n³/3 flops, and 2n² for each
 * column of a right-hand side.
 *
 * @see Higham, Accuracy and Stability of Numerical Algorithms (2002), theorem 10.4.
 *
 * @example
 * choleskyFactor(fromRows([[4, 2], [2, 5]])).solve(Float64Array.of(8, 8)); // [1.5, 1]
 */
export function choleskyFactor<D extends Real>(a: MatrixLike<D>, options: TriangleOptions = {}): CholeskyFactor<D> {
  const n = checkSquare("choleskyFactor", a);
  checkTriangleOptions("choleskyFactor", options);
  largestOfTriangle("choleskyFactor", a, options.triangle);
  return withWorkspace("choleskyFactor", choleskyWorkspace(n), (work) => {
    const l = packScaled(work.engine, work.float64(n * n), byLowerTriangle(a, options), 1);
    const units = work.float64(n);
    factorInUnits("choleskyFactor", n, l, units, work);
    return new Definite<D>(n, dtype(a), l.slice(), Int32Array.from(units, exponentOf));
  });
}

class Definite<D extends Real> implements CholeskyFactor<D> {
  private readonly n: number;
  private readonly type: Dtype;
  /** The factor of the matrix whose rows and columns are divided by 2^units. */
  private readonly l: Float64Array;
  private readonly units: Int32Array;

  constructor(n: number, type: Dtype, l: Float64Array, units: Int32Array) {
    this.n = n;
    this.type = type;
    this.l = l;
    this.units = units;
  }

  solve(b: D): Vector<D>;
  solve(b: MatrixLike<D>): Matrix<D>;
  solve(b: VectorLike<D>): Vector<D> | Matrix<D> {
    return inFormOf(b, this.solution(checkRightSide("choleskyFactor", b, this.n, this.type)));
  }

  inverse(): Matrix<D> {
    return this.solution(identity(this.n, this.type) as Matrix as Matrix<D>);
  }

  det(): number {
    const { digits, exponent } = this.determinant();
    return timesPowerOfTwo(digits, exponent);
  }

  slogdet(): Slogdet {
    return logarithmOf(this.determinant());
  }

  private solution(b: MatrixLike<D>): Matrix<D> {
    const { n, type, units } = this;
    const p = b.shape[1]!;
    const out = newMatrix("choleskyFactor", n, p, type) as Matrix as Matrix<D>;
    withWorkspace("choleskyFactor", sizeOfFloat64(n * p) + sizeOfFloat64(n * n), (work) => {
      const { engine } = work;
      const x = packScaled(engine, work.float64(n * p), b, 1);
      const l = work.float64(n * n);
      l.set(this.l);
      const exponents = Float64Array.from({ length: n }, (_, i) => {
        const most = engine.largest(p, x, i * p);
        return most === 0 ? -Infinity : exponentOf(most) - units[i]!;
      });
      // The right-hand side near one, because a solution inside the range may pass through numbers outside of it.
      const shift = exponents.reduce((most, e) => Math.max(most, e), -Infinity);
      if (shift === -Infinity) return;
      for (let i = 0; i < n; i++) shiftRow(x, i, p, -units[i]! - shift);
      solveLower(n, l, false, false, p, x, work);
      solveLower(n, l, true, false, p, x, work);
      for (let i = 0; i < n; i++) shiftRow(x, i, p, shift - units[i]!);
      checkRange("choleskyFactor", engine.largest(n * p, x, 0), 1, out.data);
      unpackScaled(engine, out, x, 1);
    });
    return out;
  }

  private determinant(): Determinant {
    const { n, l, units } = this;
    let [digits, exponent] = [1, 0];
    for (let i = 0; i < n; i++) {
      digits *= l[i * n + i]! ** 2;
      const e = exponentOf(digits);
      digits = timesPowerOfTwo(digits, -e);
      exponent += e + 2 * units[i]!;
    }
    return { digits, exponent };
  }
}
