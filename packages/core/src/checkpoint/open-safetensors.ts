import { SafetensorsError } from "../errors.ts";
import type { HalfDtype } from "./half.ts";
import { isRecord } from "./json.ts";
import type { RandomAccessFile } from "./random-access-file.ts";
import { DTYPES, type Dtype, isHalf, isShape, sizeOf, widthOf } from "./tensor.ts";

/** A tensor in a file. */
export interface StoredTensor {
  readonly dtype: Dtype | HalfDtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Fills `into` with its bytes, from `start` on. */
  read(into: Uint8Array, start?: number): void;
}

/** The tensors of a file, none of which has been read. */
export interface OpenFile {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export const LENGTH_BYTES = 8;
/** The format's limit of the header's length. */
const MOST_HEADER_BYTES = 100_000_000;

/** Reads the header of a safetensors file. @throws {SafetensorsError} as `readSafetensors`. */
export function openSafetensors(file: RandomAccessFile): OpenFile {
  const { header, dataStart } = readHeader(file);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isStringRecord(metadata)) throw new SafetensorsError("__metadata__: expected an object of strings");
  const described = Object.entries(entries).map(([name, entry]) => [name, checkEntry(name, entry)] as const);
  checkCover(described, file.size - dataStart);
  const tensors = described.map(([name, { dtype, shape, from, to }]): [string, StoredTensor] => [
    name,
    {
      dtype,
      shape,
      byteLength: to - from,
      read: (into, start = 0) => file.read(into, dataStart + from + start),
    },
  ]);
  return { tensors: Object.fromEntries(tensors), metadata: { ...metadata } };
}

interface Entry {
  readonly dtype: Dtype | HalfDtype;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readHeader(file: RandomAccessFile): { header: Record<string, unknown>; dataStart: number } {
  const { size } = file;
  if (size < LENGTH_BYTES) throw new SafetensorsError(`expected a header length, got ${size} bytes`);
  const length = Number(new DataView(read(file, 0, LENGTH_BYTES).buffer).getBigUint64(0, true));
  const dataStart = LENGTH_BYTES + length;
  if (length > MOST_HEADER_BYTES || dataStart > size) {
    throw new SafetensorsError(`expected a header of ${length} bytes, got a file of ${size}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(read(file, LENGTH_BYTES, length)));
  } catch (cause) {
    throw new SafetensorsError("the header is not JSON", { cause });
  }
  if (!isRecord(header)) throw new SafetensorsError("the header is not a JSON object");
  return { header, dataStart };
}

function read(file: RandomAccessFile, position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.read(bytes, position);
  return bytes;
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
  const need = sizeOf(shape) * widthOf(dtype);
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

const isDtype = (dtype: unknown): dtype is Dtype | HalfDtype =>
  isHalf(dtype) || (typeof dtype === "string" && Object.hasOwn(DTYPES, dtype));
const isStringRecord = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((entry) => typeof entry === "string");
