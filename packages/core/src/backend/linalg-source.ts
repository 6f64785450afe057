import type { MatrixLike } from "@sumo/linalg";

/** Numbers in lists, row by row, to any depth. */
export type NumberList = ArrayLike<number> | ArrayLike<NumberList>;

/**
 * Storage of weights and gradients for `linalgBackend`. Weights must be row-major float32, which is updated in place. Gradients may also be
 * any list of numbers, flat or nested, or a view of any stride, which are copied once a step.
 */
export type LinalgSource = Float32Array | NumberList | MatrixLike;

/** Row-major float32 numbers and their shape as the user sees it. */
export interface Packed {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The numbers of `source`, in place where they are row-major float32 already, else as a copy; `undefined` if they are none. */
export function packed(source: unknown): Packed | undefined {
  if (source instanceof Float32Array) return { shape: [source.length], data: source };
  if (typeof source !== "object" || source === null) return undefined;
  if (isView(source)) return packedView(source);
  return isList(source) ? packedList(source) : undefined;
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  typeof value === "object" && value !== null && "length" in value && Number.isSafeInteger(value.length);

const isView = (value: object): value is MatrixLike =>
  "data" in value &&
  "shape" in value &&
  isList(value.data) &&
  isList(value.shape) &&
  "stride" in value &&
  isList(value.stride);

function packedList(list: ArrayLike<unknown>): Packed | undefined {
  const shape: number[] = [];
  for (let at: unknown = list; isList(at); at = at[0]) shape.push(at.length);
  const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
  let next = 0;
  const fill = (value: unknown, depth: number): boolean => {
    if (depth === shape.length) {
      if (typeof value !== "number") return false;
      data[next++] = value;
      return true;
    }
    if (!isList(value) || value.length !== shape[depth]) return false;
    for (let i = 0; i < value.length; i++) if (!fill(value[i], depth + 1)) return false;
    return true;
  };
  return fill(list, 0) ? { shape, data } : undefined;
}

function packedView(view: MatrixLike): Packed {
  const { data, offset } = view;
  const [shape, stride] = [Array.from(view.shape), Array.from(view.stride)];
  const size = shape.reduce((product, length) => product * length, 1);
  if (data instanceof Float32Array && isRowMajor(shape, stride)) {
    return { shape, data: data.length === size ? data : data.subarray(offset, offset + size) };
  }
  const copy = new Float32Array(size);
  let next = 0;
  const fill = (axis: number, at: number): void => {
    if (axis === shape.length) copy[next++] = data[at]!;
    else for (let i = 0; i < shape[axis]!; i++) fill(axis + 1, at + i * stride[axis]!);
  };
  fill(0, offset);
  return { shape, data: copy };
}

function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis]! > 1 && stride[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
