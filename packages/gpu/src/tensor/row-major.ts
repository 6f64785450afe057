import type { MatrixLike } from "@sumo/linalg";
import { GpuShapeError } from "../errors.ts";

interface RowMajor {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float32Array;
}

/** Row-major float32 elements: the source's own array if it has this layout, else a copy. @throws {GpuShapeError} */
export function rowMajor(source: MatrixLike | ArrayLike<number>, rows?: number, cols?: number): RowMajor {
  if ("data" in source) return ofMatrix(source);
  if (rows === undefined || cols === undefined || !isSize(rows) || !isSize(cols) || source.length !== rows * cols) {
    throw new GpuShapeError(`tensor: expected rows x cols numbers, got ${source.length} for ${rows} x ${cols}`);
  }
  return { rows, cols, values: source instanceof Float32Array ? source : Float32Array.from(source) };
}

function ofMatrix({ data, shape, stride, offset }: MatrixLike): RowMajor {
  if (shape.length !== 2) throw new GpuShapeError(`tensor: expected a matrix, got ${shape.length} dimensions`);
  const [rows, cols] = [shape[0]!, shape[1]!];
  const [down, across] = [stride[0]!, stride[1]!];
  if (data instanceof Float32Array && across === 1 && (down === cols || rows === 1)) {
    const values = data.subarray(offset, offset + rows * cols);
    if (values.length === rows * cols) return { rows, cols, values };
  }
  const values = new Float32Array(rows * cols);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) {
      const value = data[offset + i * down + j * across];
      if (value === undefined) throw new GpuShapeError(`tensor: element [${i}, ${j}] lies outside the data`);
      values[at] = value;
    }
  }
  return { rows, cols, values };
}

/** Whether `n` is a number of rows or columns. */
export const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
