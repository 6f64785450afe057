import { LinalgError } from "../errors.ts";
import type { MatrixLike } from "../matrix/matrix.ts";
import { dtypeOf, type Real } from "../matrix/real.ts";
import { eye } from "../matrix/special.ts";
import type { VectorLike } from "../matrix/vector.ts";
import { indexOf, isVector, lastAxes, leadingAxes } from "./leading-axes.ts";
import type { SmallKernel } from "./small-kernels.ts";
import { Stack } from "./stack.ts";

/** The results of a routine over a stack: each of its parts with the leading axes in front. */
export type Stacked<Result> = Result extends number
  ? Stack<Float64Array>
  : Result extends Float32Array | Float64Array | Int32Array
    ? Stack<Result>
    : Result extends MatrixLike<infer D>
      ? Stack<D>
      : { readonly [Part in keyof Result]: Stacked<Result[Part]> };

type Routine = (...args: never[]) => unknown;
type SmallKernelOf = (...operands: never[]) => SmallKernel | undefined;
type Part = number | Real | Int32Array | MatrixLike;

/**
 * Calls a routine for every entry of the leading axes of its operands, which are broadcast, and stacks the results.
 *
 * @param rest - further arguments of every call.
 * @param small - makes a kernel for small operands; undefined for others.
 * @throws as the routine; the message names the entry.
 */
export function overStacks(
  operation: string,
  routine: Routine,
  operands: readonly VectorLike[],
  rest: readonly unknown[] = [],
  small?: SmallKernelOf,
): unknown {
  const { shape, count, offsets } = leadingAxes(operation, operands);
  const kernel = small?.(...(operands as never[]));
  const at = new Int32Array(operands.length);
  // One object an operand, moved from entry to entry: no routine keeps its operands.
  const entries = operands.map((x) => (isVector(x) ? undefined : entryOf(x as MatrixLike)));
  const args = [...operands.map((x, i) => entries[i] ?? x), ...rest] as never[];
  const call = (k: number): unknown => {
    offsets(k, at);
    for (let i = 0; i < entries.length; i++) if (entries[i] !== undefined) entries[i]!.offset = at[i]!;
    try {
      return routine(...args);
    } catch (error) {
      if (error instanceof LinalgError && count > 1) error.message += ` (at [${indexOf(k, shape)}] of the stack)`;
      throw error;
    }
  };
  if (count === 0) return stacked(routine(...([...operands.map(placeholder), ...rest] as never[])), shape, 0);
  const first = call(0);
  const out = stacked(first, shape, count);
  write(out, 0, first);
  for (let k = 1; k < count; k++) {
    if (kernel !== undefined) {
      offsets(k, at);
      if (kernel((out as Stack).data, k, at)) continue;
    }
    write(out, k, call(k));
  }
  return out;
}

const entryOf = (x: MatrixLike): MatrixLike & { offset: number } => ({ ...lastAxes(x), data: x.data, offset: 0 });

/** Stands for the entries of an empty stack: a matrix that no routine refuses has results of the same sizes. */
function placeholder(x: VectorLike): VectorLike {
  if (isVector(x)) return x;
  const { shape, data } = entryOf(x as MatrixLike);
  return eye(shape[0]!, shape[1]!, { dtype: dtypeOf(data) ?? "float64" });
}

/** Stacks for `count` results like `result`. */
function stacked(result: unknown, shape: readonly number[], count: number): unknown {
  if (!isPart(result)) {
    const parts = Object.entries(result as object).map(([name, part]) => [name, stacked(part, shape, count)]);
    return Object.fromEntries(parts);
  }
  const sizes = sizesOf(result);
  const length = sizes.reduce((product, size) => product * size, count);
  return new Stack(new (storageOf(result))(length), [...shape, ...sizes]);
}

/** Writes the results of entry k. */
function write(out: unknown, k: number, result: unknown): void {
  if (!isPart(result)) {
    for (const [name, part] of Object.entries(result as object)) write((out as Record<string, unknown>)[name], k, part);
    return;
  }
  const { data } = out as Stack<Real | Int32Array>;
  if (typeof result === "number") data[k] = result;
  else if (ArrayBuffer.isView(result)) data.set(result, k * result.length);
  else {
    const { shape, stride, offset, data: from } = result;
    const [rows, cols, down, across] = [shape[0]!, shape[1] ?? 1, stride[0]!, stride[1] ?? 0];
    let to = k * rows * cols;
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[to++] = from[offset + i * down + j * across]!;
  }
}

const isPart = (result: unknown): result is Part =>
  typeof result === "number" ||
  ArrayBuffer.isView(result) ||
  (typeof result === "object" && result !== null && "stride" in result);

function sizesOf(part: Part): number[] {
  if (typeof part === "number") return [];
  return ArrayBuffer.isView(part) ? [part.length] : Array.from(part.shape);
}

function storageOf(part: Part): new (length: number) => Real | Int32Array {
  if (typeof part === "number") return Float64Array;
  const data = ArrayBuffer.isView(part) ? part : part.data;
  return data.constructor as new (
    length: number,
  ) => Real | Int32Array;
}
