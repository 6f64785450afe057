import { describe } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkMatrix, type MatrixLike } from "../matrix/matrix.ts";
import type { VectorLike } from "../matrix/vector.ts";

/** The leading axes that operands have in common, and each operand's entries over them. */
export interface LeadingAxes {
  /** Broadcast as in NumPy. */
  readonly shape: readonly number[];
  readonly count: number;
  /** Writes the operands' offsets at entry k, in the order of the operands; a vector's is always the same. */
  offsets(k: number, out: Int32Array): void;
}

/** Whether an operand is one vector for all entries. */
export const isVector = (x: VectorLike): boolean =>
  ArrayBuffer.isView(x) || ((x as MatrixLike | undefined)?.shape?.length ?? 2) === 1;

/**
 * Broadcasts the leading axes of operands: axes are compared from the last one on, and one of length 1 repeats.
 *
 * @throws {ShapeError} if they do not go together, or an operand does not lie in its data. @throws {ArgumentError} @throws {DtypeError}
 */
export function leadingAxes(operation: string, operands: readonly VectorLike[]): LeadingAxes {
  const stacks = operands.map((x) => (isVector(x) ? undefined : checkStack(operation, x as MatrixLike)));
  const dimensions = Math.max(0, ...stacks.map((x) => (x === undefined ? 0 : x.shape.length - 2)));
  const lengthOf = (x: MatrixLike, axis: number): number => x.shape[axis - dimensions + x.shape.length - 2] ?? 1;
  const shape = Array.from({ length: dimensions }, (_, axis) => {
    const lengths = new Set(stacks.flatMap((x) => (x === undefined ? [] : [lengthOf(x, axis)])));
    lengths.delete(1);
    if (lengths.size > 1) {
      const shapes = stacks.flatMap((x) => (x === undefined ? [] : [`[${Array.from(x.shape)}]`]));
      throw new ShapeError(operation, `expected leading axes that go together, got ${shapes.join(" and ")}`);
    }
    return [...lengths][0] ?? 1;
  });
  const steps = stacks.map((x) =>
    shape.map((_, axis) =>
      x === undefined || lengthOf(x, axis) === 1 ? 0 : x.stride[axis - dimensions + x.shape.length - 2]!,
    ),
  );
  const starts = stacks.map((x) => x?.offset ?? 0);
  return {
    shape,
    count: shape.reduce((product, length) => product * length, 1),
    offsets(k, out) {
      for (let i = 0; i < out.length; i++) out[i] = starts[i]!;
      for (let axis = dimensions - 1, rest = k; axis >= 0; axis--) {
        const length = shape[axis]!;
        const index = rest % length;
        rest = (rest - index) / length;
        for (let i = 0; i < out.length; i++) out[i]! += index * steps[i]![axis]!;
      }
    },
  };
}

/** The index of entry k of the leading axes. */
export function indexOf(k: number, shape: readonly number[]): number[] {
  let rest = k;
  return shape
    .toReversed()
    .map((length) => {
      const index = rest % length;
      rest = (rest - index) / length;
      return index;
    })
    .reverse();
}

/** Checks that an operand is a stack, and that its first and its last matrix lie in its data. */
function checkStack(operation: string, x: MatrixLike): MatrixLike {
  const { shape, stride, offset, data } = (x ?? {}) as Partial<MatrixLike>;
  if (shape === undefined || stride === undefined || shape.length < 2 || stride.length !== shape.length) {
    const hint = Array.isArray(x) ? "; use stack(matrices), or new Stack(data, shape)" : "";
    throw new ArgumentError(operation, `expected a stack of matrices, got ${describe(x)}${hint}`);
  }
  let [first, last] = [offset!, offset!];
  for (let axis = 0; axis < shape.length - 2; axis++) {
    const [length, step] = [shape[axis]!, stride[axis]!];
    if (!Number.isInteger(length) || length < 0 || !Number.isInteger(step)) {
      throw new ShapeError(
        operation,
        `expected whole sizes and strides, got [${Array.from(shape)}] and [${Array.from(stride)}]`,
      );
    }
    if (length === 0) return x;
    first += Math.min(0, (length - 1) * step);
    last += Math.max(0, (length - 1) * step);
  }
  for (const at of [first, last]) checkMatrix(operation, { ...lastAxes(x), data: data!, offset: at });
  return x;
}

/** Sizes and strides of one matrix of a stack. */
export function lastAxes({ shape, stride }: MatrixLike): Pick<MatrixLike, "shape" | "stride"> {
  const last = (values: ArrayLike<number>) => [values[values.length - 2]!, values[values.length - 1]!];
  return { shape: last(shape), stride: last(stride) };
}
