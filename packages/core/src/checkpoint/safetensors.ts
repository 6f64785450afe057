import { describe, SafetensorsError } from "../errors.ts";
import { type HalfDtype, narrowed, widened } from "./half.ts";
import { isRecord } from "./json.ts";

/** Storage of a tensor; its class determines the dtype. */
export type TensorData = Float64Array | Float32Array | Int32Array | Uint16Array | Int8Array | Uint8Array;

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
  /** Type of a Float32Array in the file, where it has 16 bits. */
  readonly dtype?: HalfDtype;
}

export interface TensorFile {
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Record<string, string>;
}

const DTYPES = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;
type Dtype = keyof typeof DTYPES;
/** The format's limit of the header's length. */
const MOST_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

/**
 * Writes tensors as a safetensors file: a length, a JSON header, and the numbers.
 *
 * Larger element types come first, then names in order, so that every tensor is aligned and equal contents give equal bytes. Tensors of a
 * 16-bit `dtype` are rounded to nearest.
 *
 * @throws {SafetensorsError} if a shape does not fit its data, a tensor's name is `__metadata__`, or a 16-bit `dtype` is given for other data
 * than a Float32Array, or for finite numbers that are too large for it.
 * @see the safetensors format, https://github.com/huggingface/safetensors
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = Object.entries(tensors).map(toStored).sort(byAlignmentThenName);
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, { shape, dtype, data }] of entries) {
    if (name === "__metadata__") throw new SafetensorsError('a tensor cannot be called "__metadata__"');
    if (!isShape(shape) || sizeOf(shape) !== data.length) {
      throw new SafetensorsError(`${name}: shape [${shape.join(", ")}] does not fit ${data.length} numbers`);
    }
    header.push([name, { dtype, shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end).fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const [, { data }] of entries) {
    file.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file; the tensors are copies. F16 and BF16 are widened to Float32Array, which holds their values exactly; their `dtype`
 * says so, and writes them as they were.
 *
 * @throws {SafetensorsError} for malformed files: truncated or too long, tensors that overlap or leave gaps, shapes that do not fit,
 * element types without a typed array.
 */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  const { header, dataStart } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isStringRecord(metadata)) throw new SafetensorsError("__metadata__: expected an object of strings");
  const described = Object.entries(entries).map(([name, entry]) => [name, checkEntry(name, entry)] as const);
  checkCover(described, bytes.length - dataStart);
  const tensors = described.map(([name, { dtype, shape, from, to }]) => {
    const { buffer } = new Uint8Array(bytes.subarray(dataStart + from, dataStart + to)); // a Buffer's slice would not copy
    if (isHalf(dtype)) return [name, { shape, data: widened(new Uint16Array(buffer), dtype), dtype }] as const;
    return [name, { shape, data: new DTYPES[dtype](buffer) }] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata: { ...metadata } };
}

/** View of a typed array's bytes. */
export const bytesOf = (data: TensorData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

interface Entry {
  readonly dtype: Dtype | HalfDtype;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (!(bytes instanceof Uint8Array)) throw new SafetensorsError(`expected a Uint8Array, got ${describe(bytes)}`);
  if (bytes.length < LENGTH_BYTES) throw new SafetensorsError(`expected a header length, got ${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MOST_HEADER_BYTES || LENGTH_BYTES + length > bytes.length) {
    throw new SafetensorsError(`expected a header of ${length} bytes, got a file of ${bytes.length}`);
  }
  const dataStart = LENGTH_BYTES + length;
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart)));
  } catch (cause) {
    throw new SafetensorsError("the header is not JSON", { cause });
  }
  if (!isRecord(header)) throw new SafetensorsError("the header is not a JSON object");
  return { header, dataStart };
}

function checkEntry(name: string, entry: unknown): Entry {
  if (!isRecord(entry)) throw new SafetensorsError(`${name}: expected an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) {
    const known = [...Object.keys(DTYPES), "F16", "BF16"].join(", ");
    throw new SafetensorsError(`${name}: expected dtype ${known}, got ${JSON.stringify(dtype)}`);
  }
  if (!isShape(shape)) throw new SafetensorsError(`${name}: expected a shape, got ${JSON.stringify(shape)}`);
  if (!isShape(offsets) || offsets.length !== 2) {
    throw new SafetensorsError(`${name}: expected two offsets, got ${JSON.stringify(offsets)}`);
  }
  const [from, to] = offsets as readonly [number, number];
  const need = sizeOf(shape) * (isHalf(dtype) ? 2 : DTYPES[dtype].BYTES_PER_ELEMENT);
  if (to - from !== need) throw new SafetensorsError(`${name}: expected ${need} bytes, got ${from} to ${to}`);
  return { dtype, shape, from, to };
}

/** Checks that the tensors cover the data exactly once. */
function checkCover(described: readonly (readonly [string, Entry])[], dataBytes: number): void {
  let end = 0;
  for (const [name, { from, to }] of [...described].sort((a, b) => a[1].from - b[1].from || a[1].to - b[1].to)) {
    if (from !== end) throw new SafetensorsError(`${name}: expected to start at ${end}, got ${from}`);
    end = to;
  }
  if (end !== dataBytes) throw new SafetensorsError(`expected ${end} bytes of tensors, got ${dataBytes}`);
}

/** A tensor's numbers as the file has them, and their type. */
interface StoredTensor {
  readonly shape: readonly number[];
  readonly dtype: Dtype | HalfDtype;
  readonly data: TensorData;
}

function toStored([name, { shape, data, dtype }]: readonly [string, Tensor]): [string, StoredTensor] {
  if (dtype === undefined) return [name, { shape, data, dtype: dtypeOf(data) }];
  if (!(data instanceof Float32Array)) throw new SafetensorsError(`${name}: expected a Float32Array for ${dtype}`);
  const halves = narrowed(data, dtype);
  const infinity = dtype === "BF16" ? 0x7f80 : 0x7c00;
  const large = halves.findIndex((bits, i) => (bits & 0x7fff) === infinity && Number.isFinite(data[i]));
  if (large >= 0) throw new SafetensorsError(`${name}: ${data[large]} at ${large} is too large for ${dtype}`);
  return [name, { shape, data: halves, dtype }];
}

function byAlignmentThenName([nameA, a]: [string, StoredTensor], [nameB, b]: [string, StoredTensor]): number {
  return b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (nameA < nameB ? -1 : 1);
}

function dtypeOf(data: TensorData): Dtype {
  return (Object.keys(DTYPES) as Dtype[]).find((dtype) => data instanceof DTYPES[dtype])!;
}

const isHalf = (dtype: unknown): dtype is HalfDtype => dtype === "F16" || dtype === "BF16";
const isDtype = (dtype: unknown): dtype is Dtype | HalfDtype =>
  isHalf(dtype) || (typeof dtype === "string" && Object.hasOwn(DTYPES, dtype));
const isStringRecord = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((entry) => typeof entry === "string");
const isShape = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0);
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
