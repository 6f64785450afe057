import type { HalfDtype } from "./half.ts";

/** Storage of a tensor; its class determines the dtype. */
export type TensorData = Float64Array | Float32Array | Int32Array | Uint16Array | Int8Array | Uint8Array;

/** A tensor of a safetensors file: row-major numbers and their shape. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
  /** Type of a Float32Array in the file, where it has 16 bits, or of the bits in a Uint16Array. */
  readonly dtype?: HalfDtype;
}

interface Dtypes {
  readonly F64: typeof Float64Array;
  readonly F32: typeof Float32Array;
  readonly I32: typeof Int32Array;
  readonly U16: typeof Uint16Array;
  readonly I8: typeof Int8Array;
  readonly U8: typeof Uint8Array;
}
export const DTYPES: Dtypes = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
};
export type Dtype = keyof Dtypes;

export const isHalf = (dtype: unknown): dtype is HalfDtype => dtype === "F16" || dtype === "BF16";

/** Bytes of one number. */
export const widthOf = (dtype: Dtype | HalfDtype): number => (isHalf(dtype) ? 2 : DTYPES[dtype].BYTES_PER_ELEMENT);

export function dtypeOf(data: TensorData): Dtype {
  return (Object.keys(DTYPES) as Dtype[]).find((dtype) => data instanceof DTYPES[dtype])!;
}

/** View of a typed array's bytes. */
export const bytesOf = (data: TensorData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export const isShape = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0);
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
