import { dtype } from "../matrix/checks.ts";
import { pack } from "../matrix/layout.ts";
import { checkMatrix, identity, type Matrix, type MatrixLike, newMatrix, type Vector, zeros } from "../matrix/matrix.ts"; // biome-ignore format: short
import type { Dtype, Real } from "../matrix/real.ts";
import { inFormOf, type VectorLike } from "../matrix/vector.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, unpackScaled } from "../memory/scale.ts";
import { allOf, sizeOfFloat64 } from "../memory/workspace.ts";
import { type SVD, svd } from "../svd/svd.ts";
import { rankOf, type ToleranceOptions, toleranceOf } from "../svd/tolerance.ts";
import { checkRightSide } from "./right-side.ts";

/** A matrix of any shape and rank after its singular value decomposition. Holds no heap memory: nothing is to be disposed of. */
export interface SvdFactor<D extends Real = Real> {
  /** Number of singular values above the tolerance. */
  readonly rank: number;
  /** Of all x that make ‖a x − b‖ least, the shortest; see {@link lstsq}. A vector gives a vector. @throws {OverflowError} */
  solve(b: D): Vector<D>;
  solve(b: MatrixLike<D>): Matrix<D>;
  /** See {@link pinv}. @throws {OverflowError} */
  pseudoInverse(): Matrix<D>;
}

/**
 * Singular value decomposition of any matrix, once for many least-squares problems; {@link svd} returns the factors themselves.
 *
 * @param a - m × n, any strides, any rank. Nothing of it is kept.
 * @throws {NonFiniteError} @throws {OptionError} unless 0 ≤ tolerance < 1. @throws {NotConvergedError}
 * Accuracy: that of a backward stable method in float64, rounded to the dtype. Cost: that of {@link svd}, and 2(m + n) min(m, n) flops for each
 * column of a right-hand side.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §5.5.1.
 *
 * @example
 * svdFactor(fromRows([[1, 1], [1, 1]])).solve(Float64Array.of(2, 2)); // [1, 1]
 */
export function svdFactor<D extends Real>(a: MatrixLike<D>, options: ToleranceOptions = {}): SvdFactor<D> {
  checkMatrix("svdFactor", a);
  const tolerance = toleranceOf("svdFactor", a, options);
  largest("svdFactor", a);
  const copy = zeros(a.shape[0]!, a.shape[1]!);
  pack(copy.data, a);
  const factors = svd(copy);
  return new Decomposed<D>(dtype(a), factors, rankOf(factors.s, tolerance));
}

class Decomposed<D extends Real> implements SvdFactor<D> {
  readonly rank: number;
  private readonly type: Dtype;
  private readonly factors: SVD<Float64Array>;

  constructor(type: Dtype, factors: SVD<Float64Array>, rank: number) {
    this.type = type;
    this.factors = factors;
    this.rank = rank;
  }

  solve(b: D): Vector<D>;
  solve(b: MatrixLike<D>): Matrix<D>;
  solve(b: VectorLike<D>): Vector<D> | Matrix<D> {
    return inFormOf(b, this.solution(checkRightSide("svdFactor", b, this.factors.u.shape[0]!, this.type)));
  }

  pseudoInverse(): Matrix<D> {
    return this.solution(identity(this.factors.u.shape[0]!, this.type) as Matrix as Matrix<D>);
  }

  private solution(b: MatrixLike<D>): Matrix<D> {
    const { rank, type } = this;
    const { u, s, vt } = this.factors;
    const [m, n, k, p] = [u.shape[0]!, vt.shape[1]!, s.length, b.shape[1]!];
    const out = newMatrix("svdFactor", n, p, type) as Matrix as Matrix<D>;
    const size = allOf(...[m * p, k * p, n * p, m * k, k * n].map(sizeOfFloat64));
    withWorkspace("svdFactor", size, (work) => {
      const { engine } = work;
      const [right, coefficients, x] = [work.float64(m * p), work.float64(k * p), work.float64(n * p)];
      packScaled(engine, right, b, 1);
      const left = packScaled(engine, work.float64(m * k), u, 1);
      const rows = packScaled(engine, work.float64(k * n), vt, 1);
      engine.gemm(true, false, rank, p, m, 1, left, 0, k, right, 0, p, 0, coefficients, 0, p);
      for (let i = 0; i < rank; i++) {
        for (let j = i * p; j < (i + 1) * p; j++) coefficients[j] = coefficients[j]! / s[i]!;
      }
      engine.gemm(true, false, n, p, rank, 1, rows, 0, n, coefficients, 0, p, 0, x, 0, p);
      checkRange("svdFactor", engine.largest(n * p, x, 0), 1, out.data);
      unpackScaled(engine, out, x, 1);
    });
    return out;
  }
}
