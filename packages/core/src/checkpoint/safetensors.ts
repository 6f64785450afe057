import { describe, SafetensorsError } from "../errors.ts";
import { type HalfDtype, narrowed, widened } from "./half.ts";
import { isRecord } from "./json.ts";
import { LENGTH_BYTES, openSafetensors, type StoredTensor } from "./open-safetensors.ts";
import { bytesFile } from "./random-access-file.ts";
import {
  bytesOf,
  DTYPES,
  type Dtype,
  dtypeOf,
  isHalf,
  isShape,
  sizeOf,
  type Tensor,
  type TensorData,
  widthOf,
} from "./tensor.ts";

/** The content of a safetensors file. */
export interface TensorFile {
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/** A tensor whose numbers are fetched when they are written. */
export interface LazyTensor {
  readonly shape: readonly number[];
  readonly dtype: Dtype | HalfDtype;
  /** The numbers: a copy, or a view that is valid until they change. */
  fetch(): TensorData;
}

/**
 * Writes tensors as a safetensors file: a length, a JSON header, and the numbers.
 *
 * Larger element types come first, then names in order, so that every tensor is aligned and equal contents give equal bytes. Tensors of a
 * 16-bit `dtype` are rounded to nearest, or written as they are where a Uint16Array has their bits.
 *
 * @throws {SafetensorsError} if a shape does not fit its data, a tensor's name is `__metadata__`, or a 16-bit `dtype` is given for other data
 * than a Float32Array or its bits, or for finite numbers that are too large for it.
 * @see the safetensors format, https://github.com/huggingface/safetensors
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return joined(safetensorsPieces(tensors, metadata));
}

/**
 * The file of {@link writeSafetensors} in pieces: the header, then each tensor's bytes, which are copied only where they are rounded. To write
 * large files, e.g. with `fs.writeSync`.
 *
 * @throws {SafetensorsError} as {@link writeSafetensors}, before the first piece.
 */
export function safetensorsPieces(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Iterable<Uint8Array> {
  if (!isRecord(tensors)) throw new SafetensorsError(`expected an object of tensors by name, got ${describe(tensors)}`);
  if (!isRecord(metadata) || !Object.values(metadata).every((text) => typeof text === "string")) {
    throw new SafetensorsError(`expected metadata as an object of strings, got ${describe(metadata)}`);
  }
  const entries = Object.entries(tensors).map(([name, tensor]): [string, LazyTensor] => {
    if (!isRecord(tensor) || !isShape(tensor["shape"]) || dtypeOf(tensor.data) === undefined) {
      throw new SafetensorsError(`${name}: expected { shape, data } with a typed array, got ${describe(tensor)}`);
    }
    const { shape, data, dtype } = tensor;
    if (sizeOf(shape) !== data.length) {
      throw new SafetensorsError(`${name}: shape [${shape.join(", ")}] does not fit ${data.length} numbers`);
    }
    if (dtype !== undefined && !isHalf(dtype)) {
      throw new SafetensorsError(`${name}: expected dtype F16 or BF16, got ${describe(dtype)}`);
    }
    if (dtype === undefined) return [name, { shape, dtype: dtypeOf(data), fetch: () => data }];
    if (data instanceof Uint16Array) return [name, { shape, dtype, fetch: () => data }];
    halvesOf(name, data, dtype); // too large a number is refused before anything is written
    return [name, { shape, dtype, fetch: () => halvesOf(name, data, dtype) }];
  });
  return lazyPieces(Object.fromEntries(entries), metadata);
}

/** Numbers in 16 bits. @throws {SafetensorsError} */
function halvesOf(name: string, data: TensorData, dtype: HalfDtype): Uint16Array {
  if (!(data instanceof Float32Array))
    throw new SafetensorsError(`${name}: expected a Float32Array, or bits in a Uint16Array, for ${dtype}`);
  const halves = narrowed(data, dtype);
  const infinity = dtype === "BF16" ? 0x7f80 : 0x7c00;
  const large = halves.findIndex((bits, i) => (bits & 0x7fff) === infinity && Number.isFinite(data[i]));
  if (large >= 0) throw new SafetensorsError(`${name}: ${data[large]} at ${large} is too large for ${dtype}`);
  return halves;
}

/** The pieces of a file whose tensors are fetched one by one. @throws as {@link safetensorsPieces}. */
export function lazyPieces(
  tensors: Readonly<Record<string, LazyTensor>>,
  metadata: Readonly<Record<string, string>>,
): Iterable<Uint8Array> {
  const entries = Object.entries(tensors).sort(byAlignmentThenName);
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, { shape, dtype }] of entries) {
    if (name === "__metadata__") throw new SafetensorsError('a tensor cannot be called "__metadata__"');
    const bytes = sizeOf(shape) * widthOf(dtype);
    header.push([name, { dtype, shape, data_offsets: [end, end + bytes] }]);
    end += bytes;
  }
  return pieces(Object.fromEntries(header), entries);
}

function* pieces(header: object, entries: readonly (readonly [string, LazyTensor])[]): Generator<Uint8Array> {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const start = new Uint8Array(LENGTH_BYTES + headerBytes).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(headerBytes), true);
  start.set(json, LENGTH_BYTES);
  yield start;
  for (const [, tensor] of entries) yield bytesOf(tensor.fetch());
}

/** One array of all pieces. */
export function joined(parts: Iterable<Uint8Array>): Uint8Array {
  const list = Array.from(parts);
  const out = new Uint8Array(list.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of list) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Reads a safetensors file; the tensors are copies. F16 and BF16 are widened to Float32Array, which holds their values exactly; their `dtype`
 * says so, and writes them as they were.
 *
 * @throws {SafetensorsError} for malformed files: truncated or too long, tensors that overlap or leave gaps, shapes that do not fit,
 * element types without a typed array.
 */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  if (!(bytes instanceof Uint8Array)) throw new SafetensorsError(`expected a Uint8Array, got ${describe(bytes)}`);
  const { tensors, metadata } = openSafetensors(bytesFile(bytes));
  const read = Object.entries(tensors).map(([name, tensor]) => [name, readTensor(tensor)]);
  return { tensors: Object.fromEntries(read), metadata: { ...metadata } };
}

function readTensor({ shape, dtype, byteLength, read }: StoredTensor): Tensor {
  const bytes = new Uint8Array(byteLength);
  read(bytes);
  if (isHalf(dtype)) return { shape, data: widened(new Uint16Array(bytes.buffer), dtype), dtype };
  return { shape, data: new DTYPES[dtype](bytes.buffer) };
}

function byAlignmentThenName([nameA, a]: [string, LazyTensor], [nameB, b]: [string, LazyTensor]): number {
  return widthOf(b.dtype) - widthOf(a.dtype) || (nameA < nameB ? -1 : 1);
}
