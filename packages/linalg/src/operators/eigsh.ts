import type { OptionKinds } from "../arguments.ts";
import { type Eigh, eigh } from "../eigh/eigh.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { matrix, zeros } from "../matrix/matrix.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { allOf, sizeOfFloat64, type Workspace } from "../memory/workspace.ts";
import { signOf } from "../rows/sign.ts";
import type { RandomKey } from "../sketch/random.ts";
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
import { checkOperator, type Product, productOf, type SymmetricOperator } from "./operator.ts";

/** Options of {@link eigsh}. */
export interface EigshOptions extends KrylovOptions {
  /** Which eigenvalues: `"magnitude"` (default), the largest by absolute value; `"largest"` or `"smallest"`, by sign. */
  readonly which?: "magnitude" | "largest" | "smallest";
}

const OPTIONS: OptionKinds<EigshOptions> = { ...KRYLOV_OPTIONS, which: "any" };

type Rank = (value: number) => number;

const RANKS: Readonly<Record<string, Rank>> = {
  magnitude: Math.abs,
  largest: (value) => value,
  smallest: (value) => -value,
};

/**
 * A few eigenvalues and eigenvectors of a symmetric operator, by Lanczos' method with thick restarts and full orthogonalization.
 *
 * @param operator - order n, known by its products with vectors.
 * @param k - how many, from 1 to n.
 * @returns values ascending, vectors n × k in float64, signs as in {@link eigh}.
 * @throws {ArgumentError} for what is no operator, or one that its own products show not to be symmetric.
 * @throws {ShapeError} if it is not square, or k exceeds n. @throws {OptionError} @throws {NonFiniteError} if a product is not finite.
 * @throws {NotConvergedError} after `maxProducts`. Eigenvalues inside the spectrum, or close together beside its width, take the most.
 * Accuracy: ‖A v − λ v‖ ≤ 2 tolerance ‖A‖₂, and the same for λ. Copies of a multiple eigenvalue are found by starting again.
 * Cost: a basis of max(2k + 10, 20) vectors; 4n flops a product for each of them.
 *
 * @see Wu and Simon, Thick-restart Lanczos method for large symmetric eigenvalue problems (2000). Deviates: every coefficient is
 * computed, and a random start confirms the result.
 *
 * @example
 * const twice = { rows: 3, cols: 3, apply: (x, out) => x.forEach((value, i) => { out[i] = 2 * i * value; }) };
 * eigsh(twice, 1).values; // [4]
 */
export function eigsh(operator: SymmetricOperator, k: number, options: EigshOptions = {}): Eigh<Float64Array> {
  checkOperator("eigsh", operator, ["apply"], k);
  const { rows: n, cols } = operator;
  if (n !== cols) throw new ShapeError("eigsh", `expected a square operator, got [${n}, ${cols}]`);
  const { tolerance, maxProducts, key } = krylovSettings("eigsh", options, OPTIONS, n);
  const { which = "magnitude" } = options;
  const rank = Object.hasOwn(RANKS, which) ? RANKS[which] : undefined;
  if (rank === undefined) {
    throw new OptionError("eigsh", `which must be "magnitude", "largest" or "smallest", got ${String(which)}`);
  }
  const size = basisSize(n, k);
  const scratch = allOf(basisWorkspace(size, n), sizeOfFloat64(n), 2 * sizeOfFloat64(size * size));
  return withWorkspace("eigsh", scratch, (work) => {
    const krylov = new Lanczos(work, productOf("eigsh", operator, "apply", n, n), n, size, rank, tolerance, key);
    converge("eigsh", krylov, k, tolerance, maxProducts);
    return krylov.take(k);
  });
}

/** V A Vᵀ = T for the rows of V, an arrow over a tridiagonal matrix; what A adds to them is beta w eₘᵀ. */
class Lanczos implements Krylov {
  readonly size: number;
  readonly complete: boolean;
  products = 0;
  private readonly product: Product;
  private readonly rank: Rank;
  private readonly agreement: number;
  private readonly basis: Basis;
  private readonly t: Float64Array;
  private readonly w: Float64Array;
  private readonly columns: Float64Array;
  private readonly coefficients: Float64Array;
  private beta = 0;
  /** Largest magnitude of the coefficients so far. */
  private largest = 0;
  /** Columns of T that are known. */
  private done = 0;
  private values: Float64Array = new Float64Array(0);
  private vectors = zeros(0, 0);
  /** Columns of `vectors`, the wanted ones first. */
  private order: number[] = [];

  constructor(
    work: Workspace,
    product: Product,
    n: number,
    size: number,
    rank: Rank,
    tolerance: number,
    key: RandomKey,
  ) {
    this.size = size;
    this.complete = size === n;
    this.product = product;
    this.rank = rank;
    this.agreement = agreementOf(tolerance);
    this.basis = new Basis(work, size, n, key);
    this.t = new Float64Array(size * size);
    this.w = work.float64(n);
    this.columns = work.float64(size * size);
    this.coefficients = new Float64Array(size);
    this.basis.append(this.w, 0);
  }

  solve(): RitzValues {
    const { size, t, w, basis, coefficients, rank } = this;
    for (; this.done < size; this.done++) {
      const j = this.done;
      this.product(basis.row(j), w);
      this.products++;
      this.beta = basis.remove(w, coefficients);
      this.largest = largestOf(coefficients.subarray(0, j + 1), Math.max(this.largest, this.beta));
      for (let i = 0; i < j; i++) {
        checkAgreement(
          "eigsh",
          "a symmetric operator",
          coefficients[i]!,
          t[i * size + j]!,
          this.agreement * this.largest,
        );
        t[i * size + j] = t[j * size + i] = coefficients[i]!;
      }
      t[j * size + j] = coefficients[j]!;
      if (j + 1 === size) continue;
      t[j * size + j + 1] = t[(j + 1) * size + j] = this.beta;
      basis.append(w, this.beta);
    }
    const { values, vectors } = eigh(matrix(size, size, t));
    const order = Array.from(values.keys()).sort((i, j) => rank(values[j]!) - rank(values[i]!));
    [this.values, this.vectors, this.order] = [values, vectors, order];
    return {
      values: Float64Array.from(order, (i) => values[i]!),
      residuals: Float64Array.from(order, (i) => this.beta * Math.abs(vectors.get(size - 1, i))),
    };
  }

  restart(count: number, from: "residual" | "random"): void {
    const { size, t, order } = this;
    const coupling = from === "residual" ? this.beta : 0;
    this.rotate(order.slice(0, count));
    t.fill(0);
    for (let i = 0; i < count; i++) {
      t[i * size + i] = this.values[order[i]!]!;
      t[i * size + count] = t[count * size + i] = coupling * this.vectors.get(size - 1, order[i]!);
    }
    this.basis.append(this.w, coupling);
    this.done = count;
  }

  /** The first k pairs, ascending. */
  take(k: number): Eigh<Float64Array> {
    const order = this.order.slice(0, k).sort((i, j) => i - j);
    this.rotate(order);
    const n = this.basis.length;
    const vectors = zeros(n, k);
    for (let j = 0; j < k; j++) {
      const row = this.basis.row(j);
      const sign = signOf(row, 0, n);
      for (let i = 0; i < n; i++) vectors.data[i * k + j] = sign * row[i]!;
    }
    return { values: Float64Array.from(order, (i) => this.values[i]!), vectors };
  }

  private rotate(order: readonly number[]): void {
    const { size, columns, vectors } = this;
    let to = 0;
    for (let i = 0; i < size; i++) for (const j of order) columns[to++] = vectors.get(i, j);
    this.basis.rotate(columns, order.length);
  }
}
