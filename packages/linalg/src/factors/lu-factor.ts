import { SingularError } from "../errors.ts";
import { checkSquare, dtype } from "../matrix/checks.ts";
import { identity, type Matrix, type MatrixLike, newMatrix, type Vector } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { inFormOf, type VectorLike } from "../matrix/vector.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { largest, packScaled, timesPowerOfTwo } from "../memory/scale.ts";
import { allOf, sizeOfFloat64, sizeOfInt32, type Workspace } from "../memory/workspace.ts";
import { swapRows } from "../rows/sort-rows.ts";
import { type Determinant, logarithmOf, productOfPivots, type Slogdet } from "../solve/det.ts";
import { equilibrate, equilibrationWorkspace } from "../solve/equilibrate.ts";
import { eliminationWorkspace, factorLu, hasGrown, solveByElimination } from "../solve/lu.ts";
import { equilibratedWorkspace, solveEquilibrated } from "../solve/solve-equilibrated.ts";
import { solveLower, solveUpper } from "../solve/triangular.ts";
import { checkRightSide } from "./right-side.ts";

/** A square matrix after elimination, to solve systems of it at n² flops each. Holds no heap memory: nothing is to be disposed of. */
export interface LuFactor<D extends Real = Real> {
  /** Solves a x = b; see {@link solve}. A vector gives a vector. @throws {SingularError} if a pivot is exactly zero. */
  solve(b: D): Vector<D>;
  solve(b: MatrixLike<D>): Matrix<D>;
  /** See {@link inv}. @throws {SingularError} */
  inverse(): Matrix<D>;
  /** See {@link det}. */
  det(): number;
  /** See {@link slogdet}. */
  slogdet(): Slogdet;
}

/**
 * Gaussian elimination of a square matrix, once for many right-hand sides.
 *
 * @param a - n × n, any strides. A copy is kept.
 * @throws {ShapeError} @throws {NonFiniteError}. A singular matrix is factored; its systems are refused.
 * Accuracy: as {@link solve}, by QR anew for each right-hand side where elimination grew too far. Cost: (2/3)n³ flops, and 2n² for each
 * column of a right-hand side.
 *
 * @example
 * const factor = luFactor(fromRows([[0, 2], [1, 0]]));
 * factor.solve(Float64Array.of(2, 3)); // [3, 1]
 */
export function luFactor<D extends Real>(a: MatrixLike<D>): LuFactor<D> {
  return factorOf("luFactor", a);
}

/** {@link luFactor} for a routine whose errors have another name. */
export function factorOf<D extends Real>(operation: string, a: MatrixLike<D>): LuFactor<D> {
  const n = checkSquare(operation, a);
  largest(operation, a);
  return withWorkspace(
    operation,
    allOf(2 * sizeOfFloat64(n * n), sizeOfInt32(n), equilibrationWorkspace(n, n), eliminationWorkspace(n)),
    (work) => {
      const { engine } = work;
      const packed = packScaled(engine, work.float64(n * n), a, 1);
      const lu = work.float64(n * n);
      lu.set(packed);
      const { rows, cols } = equilibrate(lu, n, n, work);
      const before = engine.largest(n * n, lu, 0);
      const pivots = work.int32(n);
      factorLu(n, lu, pivots, work);
      const exponent = [...rows, ...cols].reduce((sum, e) => sum + e, 0);
      return new Elimination<D>(operation, n, dtype(a), {
        matrix: packed.slice(),
        lu: lu.slice(),
        pivots: pivots.slice(),
        grown: hasGrown(n, lu, before),
        determinant: productOfPivots(n, lu, pivots, exponent),
      });
    },
  );
}

interface Eliminated {
  readonly matrix: Float64Array;
  /** Factors of the equilibrated matrix. */
  readonly lu: Float64Array;
  readonly pivots: Int32Array;
  /** Elimination is not stable here. */
  readonly grown: boolean;
  readonly determinant: Determinant;
}

class Elimination<D extends Real> implements LuFactor<D> {
  private readonly operation: string;
  private readonly n: number;
  private readonly type: Dtype;
  private readonly parts: Eliminated;

  constructor(operation: string, n: number, type: Dtype, parts: Eliminated) {
    this.operation = operation;
    this.n = n;
    this.type = type;
    this.parts = parts;
  }

  solve(b: D): Vector<D>;
  solve(b: MatrixLike<D>): Matrix<D>;
  solve(b: VectorLike<D>): Vector<D> | Matrix<D> {
    return inFormOf(b, this.solution(checkRightSide(this.operation, b, this.n, this.type)));
  }

  inverse(): Matrix<D> {
    return this.solution(identity(this.n, this.type) as Matrix as Matrix<D>);
  }

  det(): number {
    const { digits, exponent } = this.parts.determinant;
    return digits === 0 ? 0 : timesPowerOfTwo(digits, exponent);
  }

  slogdet(): Slogdet {
    return logarithmOf(this.parts.determinant);
  }

  private solution(b: MatrixLike<D>): Matrix<D> {
    const { operation, n, type } = this;
    const p = b.shape[1]!;
    const out = newMatrix(operation, n, p, type) as Matrix as Matrix<D>;
    const size = allOf(equilibratedWorkspace(n, p), eliminationWorkspace(n), sizeOfFloat64(n * n));
    withWorkspace(operation, size, (work) => {
      const system = {
        n,
        p,
        // The same matrix is equilibrated in the same way, to the matrix whose factors are kept.
        matrix: (x: Float64Array) => x.set(this.parts.matrix),
        right: (x: Float64Array) => packScaled(work.engine, x, b, 1),
        solve: (matrix: Float64Array, x: Float64Array) => this.substitute(matrix, p, x, work),
      };
      solveEquilibrated(operation, out, system, work);
    });
    return out;
  }

  private substitute(matrix: Float64Array, p: number, x: Float64Array, work: Workspace): void {
    const { operation, n } = this;
    const { lu, pivots, grown } = this.parts;
    if (grown) {
      solveByElimination(operation, n, matrix, p, x, work);
      return;
    }
    for (let i = 0; i < n; i++) {
      if (lu[i * n + i] === 0) throw new SingularError(operation, `singular: pivot ${i} is zero`);
      if (pivots[i] !== i) swapRows(x, p, i, pivots[i]!);
    }
    work.scope(() => {
      const factor = work.float64(n * n);
      factor.set(lu);
      solveLower(n, factor, false, true, p, x, work);
      solveUpper(n, factor, p, x, work);
    });
  }
}
