import { describe, type MatrixLike } from "@sumo/linalg";
import { GpuArgumentError, GpuShapeError } from "../errors.ts";

interface RowMajor {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float32Array;
}

/** Row-major float32 elements: the source's own array if it has this layout, else a copy. @throws {GpuArgumentError} @throws {GpuShapeError} */
export function rowMajor(
  operation: string,
  source: MatrixLike | ArrayLike<number>,
  rows?: number,
  cols?: number,
): RowMajor {
  if (typeof source !== "object" || source === null) {
    throw new GpuArgumentError(`${operation}: expected a matrix, or an array of numbers, got ${describe(source)}`);
  }
  if ("data" in source) return ofMatrix(operation, source);
  if (rows === undefined || cols === undefined || !isSize(rows) || !isSize(cols) || source.length !== rows * cols) {
    const size = `${describe(rows)} rows and ${describe(cols)} columns`;
    throw new GpuShapeError(`${operation}: expected rows x cols numbers, got ${describe(source.length)} for ${size}`);
  }
  if (source instanceof Float32Array) return { rows, cols, values: source };
  const values = new Float32Array(source.length);
  for (let at = 0; at < values.length; at++) values[at] = checkElement(operation, source[at], `element ${at}`);
  return { rows, cols, values };
}

function ofMatrix(operation: string, { data, shape, stride, offset }: MatrixLike): RowMajor {
  if (!isArrayLike(data) || !isArrayLike(shape) || !isArrayLike(stride) || !Number.isInteger(offset)) {
    throw new GpuArgumentError(`${operation}: expected a matrix with data, shape, stride and offset`);
  }
  if (shape.length !== 2) throw new GpuShapeError(`${operation}: expected a matrix, got ${shape.length} dimensions`);
  const [rows, cols] = [shape[0]!, shape[1]!];
  const [down, across] = [stride[0]!, stride[1]!];
  if (!isSize(rows) || !isSize(cols) || !Number.isInteger(down) || !Number.isInteger(across)) {
    throw new GpuShapeError(`${operation}: expected a matrix with whole numbers in shape and stride`);
  }
  if (data instanceof Float32Array && across === 1 && (down === cols || rows === 1)) {
    const values = data.subarray(offset, offset + rows * cols);
    if (values.length === rows * cols) return { rows, cols, values };
  }
  const values = new Float32Array(rows * cols);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) {
      values[at] = checkElement(operation, data[offset + i * down + j * across], `element [${i}, ${j}]`);
    }
  }
  return { rows, cols, values };
}

const isArrayLike = (value: ArrayLike<number> | null): boolean =>
  typeof value === "object" && typeof value?.length === "number";

function checkElement(operation: string, value: number | undefined, place: string): number {
  if (typeof value === "number") return value;
  if (value === undefined) throw new GpuShapeError(`${operation}: ${place} lies outside the data`);
  throw new GpuArgumentError(`${operation}: expected numbers, got ${describe(value)} as ${place}`);
}

/** Whether `n` is a number of rows or columns. */
export const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
