import { allOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { vectorNorm } from "../products/vector-norm.ts";
import { fillUniform, type RandomKey } from "../sketch/random.ts";

/** Orthonormal vectors, in rows of scratch. */
export class Basis {
  readonly length: number;
  count = 0;
  private readonly rows: Float64Array;
  private readonly spare: Float64Array;
  private readonly parts: Float64Array;
  private readonly work: Workspace;
  private readonly key: RandomKey;
  private draws = 0;

  /** @param key - of the random vectors; their draws count on from its counter. */
  constructor(work: Workspace, capacity: number, length: number, key: RandomKey) {
    this.length = length;
    this.work = work;
    this.rows = work.float64(capacity * length);
    this.spare = work.float64(capacity * length);
    this.parts = work.float64(capacity);
    this.key = key;
  }

  row(i: number): Float64Array {
    return this.rows.subarray(i * this.length, (i + 1) * this.length);
  }

  /**
   * w ← w without its parts along the basis, `coefficients` ← those parts. Returns the norm of what is left, 0 if that is rounding alone.
   *
   * Twice is enough: what a second pass halves was rounding of the first.
   *
   * @see Parlett, The Symmetric Eigenvalue Problem (1998), §6.9.
   */
  remove(w: Float64Array, coefficients: Float64Array): number {
    coefficients.fill(0, 0, this.count);
    this.pass(w, coefficients);
    const once = normOf(w);
    this.pass(w, coefficients);
    const twice = normOf(w);
    return twice > once / 2 ? twice : 0;
  }

  /** Appends w, orthogonal to the basis and of the given norm; for norm 0, a random vector. */
  append(w: Float64Array, norm: number): void {
    const row = this.row(this.count);
    let size = norm;
    row.set(w);
    while (size === 0) {
      const [seed, stream, counter] = this.key;
      fillUniform(row, [seed, stream, (counter + this.draws++) % 2 ** 32]);
      for (let i = 0; i < row.length; i++) row[i] = 2 * row[i]! - 1;
      size = this.remove(row, this.spare);
    }
    for (let i = 0; i < row.length; i++) row[i]! /= size;
    this.count++;
  }

  /** The basis ← its first `count` combinations with the columns of the packed matrix `s` of that many columns. */
  rotate(s: Float64Array, count: number): void {
    const { length, rows, spare, work } = this;
    work.engine.gemm(true, false, count, length, this.count, 1, s, 0, count, rows, 0, length, 0, spare, 0, length);
    rows.set(spare.subarray(0, count * length));
    this.count = count;
  }

  private pass(w: Float64Array, coefficients: Float64Array): void {
    const { count, length, rows, parts, work } = this;
    work.engine.gemm(false, false, count, 1, length, 1, rows, 0, length, w, 0, 1, 0, parts, 0, 1);
    work.engine.gemm(true, false, length, 1, count, -1, rows, 0, length, parts, 0, 1, 1, w, 0, 1);
    for (let i = 0; i < count; i++) coefficients[i]! += parts[i]!;
  }
}

/** Scratch of a {@link Basis}. */
export const basisWorkspace = (capacity: number, length: number): WorkspaceSize =>
  allOf(2 * sizeOfFloat64(capacity * length), sizeOfFloat64(capacity));

const normOf = (w: Float64Array): number => vectorNorm({ data: w, first: 0, step: 1, length: w.length }, 2);
