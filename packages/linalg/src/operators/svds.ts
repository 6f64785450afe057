import { type Matrix, matrix, zeros } from "../matrix/matrix.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { allOf, sizeOfFloat64, type Workspace } from "../memory/workspace.ts";
import { signOf } from "../rows/sign.ts";
import type { RandomKey } from "../sketch/random.ts";
import { type SVD, svd } from "../svd/svd.ts";
import { Basis, basisWorkspace } from "./basis.ts";
import {
  agreementOf,
  basisSize,
  checkAgreement,
  converge,
  KRYLOV_OPTIONS,
  type Krylov,
  type KrylovOptions,
  krylovSettings,
  largestOf,
  type RitzValues,
} from "./krylov.ts";
import { checkOperator, type Operator, type Product, productOf } from "./operator.ts";

/**
 * The leading singular triplets of an operator, by Golub and Kahan's bidiagonalization with thick restarts and full orthogonalization.
 *
 * @param operator - m × n, known by its products with vectors and those of its transpose.
 * @param k - how many, from 1 to min(m, n).
 * @returns u m × k, s descending, vt k × n in float64, signs as in {@link svd}.
 * @throws {ArgumentError} for what is no operator, or one whose products show `applyTransposed` not to be the transpose.
 * @throws {ShapeError} if k exceeds min(m, n). @throws {OptionError} @throws {NonFiniteError} if a product is not finite.
 * @throws {NotConvergedError} after `maxProducts`. Singular values close together beside the largest take the most.
 * Accuracy: ‖A v − σ u‖ and ‖Aᵀ u − σ v‖ ≤ 2 tolerance ‖A‖₂, and the same for σ. Copies of a multiple value are found by starting again.
 * Cost: two bases of max(2k + 10, 20) vectors; 4(m + n) flops a pair of products for each of them.
 *
 * @see Baglama and Reichel, Augmented implicitly restarted Lanczos bidiagonalization methods (2005), with Ritz vectors. Deviates: every
 * coefficient is computed, and a random start confirms the result.
 *
 * @example
 * const shift = { rows: 2, cols: 1, apply: (x, out) => { out[1] = 3 * x[0]; }, applyTransposed: (x, out) => { out[0] = 3 * x[1]; } };
 * svds(shift, 1).s; // [3]
 */
export function svds(operator: Operator, k: number, options: KrylovOptions = {}): SVD<Float64Array> {
  checkOperator("svds", operator, ["apply", "applyTransposed"], k);
  const { rows: m, cols: n } = operator;
  const least = Math.min(m, n);
  const { tolerance, maxProducts, key } = krylovSettings("svds", options, KRYLOV_OPTIONS, least);
  const size = basisSize(least, k);
  const scratch = allOf(
    basisWorkspace(size, m),
    basisWorkspace(size, n),
    sizeOfFloat64(m),
    sizeOfFloat64(n),
    sizeOfFloat64(size * size),
  );
  return withWorkspace("svds", scratch, (work) => {
    const ahead = productOf("svds", operator, "apply", n, m);
    const back = productOf("svds", operator, "applyTransposed", m, n);
    // From the shorter side: there a basis of min(m, n) vectors is complete.
    const wide = m < n;
    const krylov = wide
      ? new Bidiagonal(work, back, ahead, m, n, size, tolerance, key)
      : new Bidiagonal(work, ahead, back, n, m, size, tolerance, key);
    converge("svds", krylov, k, tolerance, maxProducts);
    return krylov.take(k, wide);
  });
}

/** A V = U B for orthonormal V and U, in rows, with B an arrow over an upper bidiagonal matrix; what Aᵀ U adds to V Bᵀ is beta w eₘᵀ. */
class Bidiagonal implements Krylov {
  readonly size: number;
  readonly complete: boolean;
  products = 0;
  private readonly agreement: number;
  private readonly ahead: Product;
  private readonly back: Product;
  private readonly right: Basis;
  private readonly left: Basis;
  private readonly b: Float64Array;
  private readonly w: Float64Array;
  private readonly z: Float64Array;
  private readonly columns: Float64Array;
  private readonly coefficients: Float64Array;
  private beta = 0;
  /** Largest magnitude of the coefficients so far. */
  private largest = 0;
  /** Columns of B that are known. */
  private done = 0;
  private found: SVD<Float64Array> = { u: zeros(0, 0), s: new Float64Array(0), vt: zeros(0, 0) };

  constructor(
    work: Workspace,
    ahead: Product,
    back: Product,
    rightLength: number,
    leftLength: number,
    size: number,
    tolerance: number,
    [seed, stream, counter]: RandomKey,
  ) {
    this.size = size;
    this.complete = size === rightLength;
    this.agreement = agreementOf(tolerance);
    this.ahead = ahead;
    this.back = back;
    this.right = new Basis(work, size, rightLength, [seed, stream, counter]);
    this.left = new Basis(work, size, leftLength, [seed, stream, counter]);
    this.b = new Float64Array(size * size);
    this.w = work.float64(rightLength);
    this.z = work.float64(leftLength);
    this.columns = work.float64(size * size);
    this.coefficients = new Float64Array(size);
    this.right.append(this.w, 0);
  }

  solve(): RitzValues {
    const { size } = this;
    for (; this.done < size; this.done++) this.extend(this.done);
    this.found = svd(matrix(size, size, this.b));
    const { u, s } = this.found;
    return { values: s, residuals: s.map((_, i) => this.beta * Math.abs(u.get(size - 1, i))) };
  }

  restart(count: number, from: "residual" | "random"): void {
    const { size, b } = this;
    const { u, s } = this.found;
    const coupling = from === "residual" ? this.beta : 0;
    this.rotate(count);
    b.fill(0);
    for (let i = 0; i < count; i++) {
      b[i * size + i] = s[i]!;
      b[i * size + count] = coupling * u.get(size - 1, i);
    }
    this.right.append(this.w, coupling);
    this.done = count;
  }

  /** The first k triplets; of the transposed operator if `swapped`. */
  take(k: number, swapped: boolean): SVD<Float64Array> {
    this.rotate(k);
    const [left, right] = swapped ? [this.right, this.left] : [this.left, this.right];
    const [u, vt] = [zeros(left.length, k), zeros(k, right.length)];
    for (let j = 0; j < k; j++) {
      const row = left.row(j);
      const sign = signOf(row, 0, left.length);
      for (let i = 0; i < left.length; i++) u.data[i * k + j] = sign * row[i]!;
      vt.data.set(
        right.row(j).map((value) => sign * value),
        j * right.length,
      );
    }
    return { u, s: this.found.s.slice(0, k), vt };
  }

  /** Column j of B, and the vectors u_j and v_{j+1}. */
  private extend(j: number): void {
    const { size, b, w, z, left, right, coefficients } = this;
    const expected = "applyTransposed to be the transpose of apply";
    this.ahead(right.row(j), z);
    const alpha = left.remove(z, coefficients);
    this.largest = largestOf(coefficients.subarray(0, j), Math.max(this.largest, alpha));
    for (let i = 0; i < j; i++) {
      checkAgreement("svds", expected, coefficients[i]!, b[i * size + j]!, this.agreement * this.largest);
      b[i * size + j] = coefficients[i]!;
    }
    b[j * size + j] = alpha;
    left.append(z, alpha);
    this.back(left.row(j), w);
    this.beta = right.remove(w, coefficients);
    const bound = this.agreement * Math.max(this.largest, this.beta);
    for (let i = 0; i <= j; i++) {
      checkAgreement("svds", expected, coefficients[i]!, i === j ? alpha : 0, bound);
    }
    this.products += 2;
    if (j + 1 === size) return;
    b[j * size + j + 1] = this.beta;
    right.append(w, this.beta);
  }

  private rotate(count: number): void {
    const { u, vt } = this.found;
    this.rotateBasis(this.left, u, count);
    this.rotateBasis(this.right, vt.T, count);
  }

  private rotateBasis(basis: Basis, vectors: Matrix<Float64Array>, count: number): void {
    let to = 0;
    for (let i = 0; i < this.size; i++) for (let j = 0; j < count; j++) this.columns[to++] = vectors.get(i, j);
    basis.rotate(this.columns, count);
  }
}
