import { ShapeError, SingularError } from "../errors.ts";
import { dtype } from "../matrix/checks.ts";
import { pack } from "../matrix/layout.ts";
import { checkMatrix, type Matrix, type MatrixLike, newMatrix, type Vector, zeros } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { inFormOf, type VectorLike } from "../matrix/vector.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, unpackScaled } from "../memory/scale.ts";
import { allOf, sizeOfFloat64 } from "../memory/workspace.ts";
import { type QR, qr } from "../qr/qr.ts";
import { solveLower } from "../solve/triangular.ts";
import { checkRightSide } from "./right-side.ts";

/** A tall matrix of full column rank after its QR factorization. Holds no heap memory: nothing is to be disposed of. */
export interface QrFactor<D extends Real = Real> {
  /** The x that makes ‖a x − b‖ least; the solution, if a is square. A vector gives a vector. @throws {SingularError} if r has a zero on its diagonal. */
  solve(b: D): Vector<D>;
  solve(b: MatrixLike<D>): Matrix<D>;
}

/**
 * QR factorization of a matrix that is at least as high as wide, once for many least-squares problems; {@link qr} returns the factors themselves.
 *
 * @param a - m × n, m ≥ n, of full column rank, any strides; {@link svdFactor} takes others. Nothing of it is kept.
 * @throws {ShapeError} if m < n. @throws {NonFiniteError}
 * Accuracy: that of a backward stable method in float64, rounded to the dtype. Cost: that of {@link qr}, and 2mn + n² flops for each column of
 * a right-hand side.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §5.3.2.
 *
 * @example
 * qrFactor(fromRows([[1, 0], [1, 1], [1, 2]])).solve(Float64Array.of(1, 3, 5)); // [1, 2]
 */
export function qrFactor<D extends Real>(a: MatrixLike<D>): QrFactor<D> {
  checkMatrix("qrFactor", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  if (m < n) throw new ShapeError("qrFactor", `expected at least as many rows as columns, got [${m}, ${n}]`);
  largest("qrFactor", a);
  const copy = zeros(m, n);
  pack(copy.data, a);
  return new Orthogonal<D>(m, n, dtype(a), qr(copy));
}

class Orthogonal<D extends Real> implements QrFactor<D> {
  private readonly m: number;
  private readonly n: number;
  private readonly type: Dtype;
  private readonly factors: QR<Float64Array>;

  constructor(m: number, n: number, type: Dtype, factors: QR<Float64Array>) {
    this.m = m;
    this.n = n;
    this.type = type;
    this.factors = factors;
  }

  solve(b: D): Vector<D>;
  solve(b: MatrixLike<D>): Matrix<D>;
  solve(b: VectorLike<D>): Vector<D> | Matrix<D> {
    const { m, n, type } = this;
    const { q, r } = this.factors;
    const right = checkRightSide("qrFactor", b, m, type);
    const singular = Array.from({ length: n }, (_, i) => r.get(i, i)).indexOf(0);
    if (singular >= 0)
      throw new SingularError("qrFactor", `columns are dependent: r[${singular}, ${singular}] is zero`);
    const p = right.shape[1]!;
    const out = newMatrix("qrFactor", n, p, type) as Matrix as Matrix<D>;
    const size = allOf(sizeOfFloat64(m * p), sizeOfFloat64(n * p), sizeOfFloat64(n * n), sizeOfFloat64(m * n));
    withWorkspace("qrFactor", size, (work) => {
      const { engine } = work;
      const [packed, x] = [packScaled(engine, work.float64(m * p), right, 1), work.float64(n * p)];
      const lower = packScaled(engine, work.float64(n * n), r, 1, true);
      const basis = packScaled(engine, work.float64(m * n), q, 1);
      engine.gemm(true, false, n, p, m, 1, basis, 0, n, packed, 0, p, 0, x, 0, p);
      solveLower(n, lower, true, false, p, x, work);
      checkRange("qrFactor", engine.largest(n * p, x, 0), 1, out.data);
      unpackScaled(engine, out, x, 1);
    });
    return inFormOf(b, out);
  }
}
