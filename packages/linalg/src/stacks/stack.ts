import { describe } from "../arguments.ts";
import { currentEngine } from "../engine/current.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkSameDtype, checkShape } from "../matrix/checks.ts";
import { format } from "../matrix/format.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { checkMatrices } from "../matrix/stack.ts";
import { StridedView } from "../matrix/strided-view.ts";
import { packScaled } from "../memory/scale.ts";

/** Entries of a leading axis that are printed: more show only the first and the last. */
const MOST_PRINTED = 6;

/**
 * Matrices of one size, (…, m, n), or vectors or numbers of one kind, over leading axes: the fields of an `ndarray` of any dimension,
 * row-major unless strides say otherwise. Every `ndarray` of two dimensions or more is taken where routines take stacks.
 */
export class Stack<D extends Real | Int32Array = Real> {
  readonly data: D;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;

  /**
   * Wraps `data` without copying.
   *
   * @param shape - leading axes, then those of one matrix, vector or number.
   * @throws {ShapeError} unless `data` holds that many elements.
   *
   * @example
   * new Stack(new Float64Array(90), [10, 3, 3]); // ten matrices of 3 × 3
   */
  constructor(data: D, shape: readonly number[], stride: readonly number[] = rowMajor(shape), offset: number = 0) {
    if (!Array.isArray(shape) || !shape.every((length) => Number.isInteger(length) && length >= 0)) {
      throw new ArgumentError("Stack", `expected a shape of whole numbers, got ${describe(shape)} [${shape}]`);
    }
    const last = shape.includes(0) ? -1 : shape.reduce((at, length, axis) => at + (length - 1) * stride[axis]!, offset);
    if (!ArrayBuffer.isView(data) || last >= data.length) {
      throw new ShapeError("Stack", `[${shape}] has more elements than the data, ${describe(data)}`);
    }
    this.data = data;
    this.shape = shape;
    this.stride = stride;
    this.offset = offset;
  }

  get dimension(): number {
    return this.shape.length;
  }

  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  /** The same matrices transposed: a view. */
  get mT(): Stack<D> {
    const swapped = (values: readonly number[]) => [...values.slice(0, -2), ...values.slice(-2).reverse()];
    return new Stack(this.data, swapped(this.shape), swapped(this.stride), this.offset);
  }

  /** An element, by an index for each axis. */
  get(...indices: number[]): number {
    return this.data[this.index(indices)]!;
  }

  /** The matrix, vector or number at an index of the leading axes: a view of up to two dimensions. @throws {ShapeError} */
  at(...indices: number[]): Matrix<D & Real> {
    const inside = indices.every((index, axis) => Number.isInteger(index) && index >= 0 && index < this.shape[axis]!);
    if (!inside || this.shape.length - indices.length > 2) {
      throw new ShapeError("at", `expected an index of all leading axes of [${this.shape}], got [${indices}]`);
    }
    const rest = (values: readonly number[]) => values.slice(indices.length);
    return new StridedView(this.data as D & Real, rest(this.shape), rest(this.stride), this.index(indices));
  }

  /** The elements as nested arrays, one level an axis. */
  toNested(): unknown {
    const nested = (indices: number[]): unknown =>
      indices.length === this.shape.length
        ? this.get(...indices)
        : Array.from({ length: this.shape[indices.length]! }, (_, i) => nested([...indices, i]));
    return nested([]);
  }

  toJSON(): unknown {
    return this.toNested();
  }

  /** The elements to six digits; of many, the first and the last of each axis. */
  toString(): string {
    const print = (indices: number[]): string => {
      const [length, ...inner] = this.shape.slice(indices.length);
      if (length === undefined || inner.length < 2) {
        return format(this.shape.slice(indices.length), (i, j) => this.get(...indices, i, j));
      }
      const entries = Array.from({ length }, (_, i) => i);
      const [head, tail] = [entries.slice(0, MOST_PRINTED / 2), entries.slice(-MOST_PRINTED / 2)];
      const printed = (list: number[]) => list.map((i) => print([...indices, i]));
      const words = length > MOST_PRINTED ? [...printed(head), "...", ...printed(tail)] : printed(entries);
      return `[${words.join(",\n")}]`;
    };
    return print([]);
  }

  private index(indices: readonly number[]): number {
    return this.stride.reduce((at, step, axis) => at + step * (indices[axis] ?? 0), this.offset);
  }
}

/** Strides of a row-major array. */
function rowMajor(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) stride[axis] = stride[axis + 1]! * shape[axis + 1]!;
  return stride;
}

/**
 * A new stack (k, m, n) of k matrices.
 *
 * @param matrices - at least one, of equal size and dtype, any strides.
 * @throws {ArgumentError} @throws {ShapeError} @throws {DtypeError}
 *
 * @example
 * stack([fromRows([[1, 2]]), fromRows([[3, 4]])]).shape; // [2, 1, 2]
 */
export function stack<D extends Real>(matrices: readonly MatrixLike<D>[]): Stack<D> {
  checkMatrices("stack", matrices);
  const [m, n] = [matrices[0]!.shape[0]!, matrices[0]!.shape[1]!];
  const data = matrices[0]!.data;
  const out = new (data.constructor as new (length: number) => D)(matrices.length * m * n);
  const engine = currentEngine();
  matrices.forEach((a, k) => {
    checkShape("stack", `matrix ${k}`, a, m, n);
    checkSameDtype("stack", a.data, data);
    packScaled(engine, out.subarray(k * m * n, (k + 1) * m * n) as D, a, 1);
  });
  return new Stack(out, [matrices.length, m, n]);
}
