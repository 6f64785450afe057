import type { NdArray } from "ndarray";
import { ShapeError } from "../errors.ts";
import { format } from "./format.ts";
import type { Dtype, Real } from "./real.ts";

/**
 * A view with the interface of `ndarray`, of up to two dimensions, without its generated code: `ndarray` builds its classes with
 * `new Function`, which a Content-Security-Policy forbids. Both kinds mix freely: a `StridedView<Float32Array>` is an
 * `NdArray<Float32Array>` and the other way round.
 *
 * `get`, `set` and `index` do not check their indices, as in `ndarray`: those outside of the shape reach other elements of `data`, or none.
 * What makes a view checks: no view reaches beyond the one it came from.
 */
export class StridedView<D extends Real> {
  data: D;
  shape: number[];
  stride: number[];
  offset: number;

  static {
    // Node's console.log prints what this method returns; browsers ignore it. Declarations cannot have a method of this name.
    Object.defineProperty(StridedView.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: StridedView<Real>): string {
        return `StridedView ${this.shape.join(" x ")} ${this.dtype}\n${this}`;
      },
    });
  }

  constructor(data: D, shape: number[], stride: number[], offset: number) {
    this.data = data;
    this.shape = shape;
    this.stride = stride;
    this.offset = offset;
  }

  get dtype(): NdArray<D>["dtype"] {
    const dtype: Dtype = this.data.BYTES_PER_ELEMENT === 4 ? "float32" : "float64";
    return dtype as NdArray<D>["dtype"];
  }

  get dimension(): number {
    return this.shape.length;
  }

  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  /** Axes from the fastest to the slowest in memory. */
  get order(): number[] {
    const [rowStride = 0, colStride = 0] = this.stride;
    if (this.shape.length < 2) return this.shape.map((_, axis) => axis);
    return Math.abs(rowStride) > Math.abs(colStride) ? [1, 0] : [0, 1];
  }

  get T(): StridedView<D> {
    return new StridedView(this.data, this.shape.toReversed(), this.stride.toReversed(), this.offset);
  }

  index(i = 0, j = 0): number {
    const { stride } = this;
    let at = this.offset;
    if (stride.length > 0) at += i * stride[0]!;
    if (stride.length > 1) at += j * stride[1]!;
    return at;
  }

  get(i = 0, j = 0): number {
    return this.data[this.index(i, j)]!;
  }

  /** `set(i, j, value)` of a matrix, `set(i, value)` of a row or column. Returns `value`. */
  set(...args: number[]): number {
    const value = args[this.shape.length]!;
    this.data[this.index(args[0], args[1])] = value;
    return value;
  }

  /** Drops the leading rows and columns. @throws {ShapeError} where there are not so many. */
  lo(...starts: number[]): StridedView<D> {
    const { shape, stride } = this;
    const from = shape.map((_, axis) => (starts[axis]! >= 0 ? Math.trunc(starts[axis]!) : 0));
    this.checkWithin("lo", from);
    const offset = from.reduce((at, start, axis) => at + start * stride[axis]!, this.offset);
    const rest = shape.map((length, axis) => length - from[axis]!);
    return new StridedView(this.data, rest, stride.slice(), offset);
  }

  /** Keeps the leading rows and columns. @throws {ShapeError} where there are not so many. */
  hi(...lengths: number[]): StridedView<D> {
    const kept = this.shape.map((length, axis) => (lengths[axis]! >= 0 ? Math.trunc(lengths[axis]!) : length));
    this.checkWithin("hi", kept);
    return new StridedView(this.data, kept, this.stride.slice(), this.offset);
  }

  /** Keeps every so many-th element of each axis; a negative step starts from the end. @throws {ShapeError} for a step of zero. */
  step(...steps: number[]): StridedView<D> {
    const { shape, stride } = this;
    let { offset } = this;
    const lengths = shape.slice();
    const strides = stride.slice();
    for (let axis = 0; axis < shape.length; axis++) {
      const step = Math.trunc(steps[axis] ?? 1);
      if (step === 0) throw new ShapeError("step", `expected steps that are not zero, got [${steps.join(", ")}]`);
      if (step < 0) offset += stride[axis]! * (shape[axis]! - 1);
      lengths[axis] = Math.ceil(shape[axis]! / Math.abs(step));
      strides[axis] = stride[axis]! * step;
    }
    return new StridedView(this.data, lengths, strides, offset);
  }

  /** Permutes the axes, `transpose(1, 0)`; an axis left out stays, as in `ndarray`. See {@link T}. */
  transpose(...axes: number[]): StridedView<D> {
    const from = this.shape.map((_, axis) => axes[axis] ?? axis);
    return new StridedView(
      this.data,
      from.map((axis) => this.shape[axis]!),
      from.map((axis) => this.stride[axis]!),
      this.offset,
    );
  }

  /** Fixes axes at an index and drops them; `null` or a negative index keeps the axis. @throws {ShapeError} for an index past the end. */
  pick(...indices: Array<number | null>): StridedView<D> {
    const { shape, stride } = this;
    const fixed = shape.map((_, axis) => typeof indices[axis] === "number" && indices[axis] >= 0);
    this.checkWithin(
      "pick",
      shape.map((_, axis) => (fixed[axis] ? indices[axis]! + 1 : 0)),
    );
    const offset = stride.reduce((at, step, axis) => (fixed[axis] ? at + step * indices[axis]! : at), this.offset);
    const kept = (values: number[]) => values.filter((_, axis) => !fixed[axis]);
    return new StridedView(this.data, kept(shape), kept(stride), offset);
  }

  /** The elements as nested arrays, which `fromRows` reads back. A one-dimensional view is a column here, as it is for routines. */
  toRows(): number[][] {
    return [...this];
  }

  /** The rows, each as a new array: `for (const [x, y] of a)`. */
  *[Symbol.iterator](): Generator<number[], undefined> {
    const [rows = 1, cols = 1] = this.shape;
    for (let i = 0; i < rows; i++) yield Array.from({ length: cols }, (_, j) => this.get(i, j));
  }

  /** For `JSON.stringify`: the rows. NaN and infinities become null there; the dtype, and the columns of a matrix without rows, are not kept. */
  toJSON(): number[][] {
    return this.toRows();
  }

  /** The elements to six digits; of more than 1000, the first and last three of each axis. */
  toString(): string {
    return format(this.shape, (i, j) => this.get(i, j));
  }

  private checkWithin(operation: string, lengths: readonly number[]): void {
    const { shape } = this;
    if (shape.some((length, axis) => lengths[axis]! > length)) {
      throw new ShapeError(operation, `expected a part of [${shape.join(", ")}], got up to [${lengths.join(", ")}]`);
    }
  }
}
