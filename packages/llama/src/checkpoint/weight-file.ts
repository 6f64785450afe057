import { describe } from "@sumo/linalg";
import { CheckpointError } from "../errors.ts";
import { storeWeights } from "../weights/bfloat16.ts";
import type { WeightData } from "../weights/parameters.ts";

/** A safetensors file that is read in pieces, e.g. with `fs.readSync`. */
export interface WeightFile {
  /** Length in bytes. */
  readonly size: number;
  /** Fills `into` with the bytes from `position` on. */
  read(into: Uint8Array<ArrayBufferLike>, position: number): void;
}

/** Place and type of a tensor in a file. */
export interface StoredTensor {
  readonly file: WeightFile;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Position of the first byte in the file. */
  readonly position: number;
}

/** Types of numbers that are read. */
export type Dtype = "F64" | "F32" | "F16" | "BF16";

const BYTES: Readonly<Record<Dtype, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };
const LENGTH_BYTES = 8;
/** The format's limit of the header's length. */
const MOST_HEADER_BYTES = 100_000_000;
/** Numbers that are converted at a time. */
const PIECE = 2 ** 16;

/** Bytes in memory as a {@link WeightFile}. */
export function bytesFile(bytes: Uint8Array): WeightFile {
  if (!(bytes instanceof Uint8Array)) {
    throw new CheckpointError("bytesFile", `expected a Uint8Array, got ${describe(bytes)}`);
  }
  return {
    size: bytes.length,
    read: (into, position) => into.set(bytes.subarray(position, position + into.length)),
  };
}

/**
 * Reads the header of a safetensors file: its tensors by name.
 *
 * @throws {CheckpointError} if it is damaged, or a tensor is not of a floating-point type that is known.
 */
export function readHeader(file: WeightFile): ReadonlyMap<string, StoredTensor> {
  const length =
    file.size < LENGTH_BYTES ? Number.NaN : Number(new DataView(piece(file, 0, 8).buffer).getBigUint64(0, true));
  const start = LENGTH_BYTES + length;
  if (!(length <= MOST_HEADER_BYTES && start <= file.size)) {
    refuse(`expected a header of ${length} bytes, got a file of ${file.size}`);
  }
  const { __metadata__, ...entries } = parseHeader(piece(file, LENGTH_BYTES, length));
  return new Map(
    Object.entries(entries).map(([name, entry]) => {
      const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Readonly<Record<string, unknown>>;
      if (!isDtype(dtype)) refuse(`expected ${Object.keys(BYTES).join(", ")} in ${name}, got ${JSON.stringify(dtype)}`);
      if (!isSizes(shape)) refuse(`expected a shape of ${name}, got ${JSON.stringify(shape)}`);
      const bytes = BYTES[dtype] * sizeOf(shape);
      const [from, to] = isSizes(offsets) ? offsets : [];
      if (from === undefined || to !== from + bytes || start + to > file.size) {
        refuse(`expected ${bytes} bytes of ${name} in a file of ${file.size}, got offsets ${JSON.stringify(offsets)}`);
      }
      return [name, { file, dtype, shape, position: start + from }];
    }),
  );
}

/**
 * Reads a tensor into `out`, as float32, or rounded to nearest where `out` is bfloat16. Memory beside it: 1 MiB.
 *
 * @throws {CheckpointError} for a number that is not finite, or too large for float32; `out` is then overwritten.
 */
export function readInto(out: WeightData, name: string, { file, dtype, position }: StoredTensor): void {
  const width = BYTES[dtype];
  const inPlace = dtype === "F32" && out instanceof Float32Array;
  const whole = inPlace ? bytesOf(out) : new Uint8Array(width * Math.min(PIECE, out.length));
  const single = out instanceof Float32Array ? undefined : new Float32Array(Math.min(PIECE, out.length));
  for (let at = 0; at < out.length; at += whole.length / width) {
    const count = Math.min(whole.length / width, out.length - at);
    const bytes = whole.subarray(0, width * count);
    file.read(bytes, position + width * at);
    const target = out.subarray(at, at + count);
    const numbers = target instanceof Float32Array ? target : single!.subarray(0, count);
    if (!inPlace) widen(dtype, bytes, numbers);
    const odd = numbers.findIndex((x) => !Number.isFinite(x));
    if (odd >= 0) refuse(`expected finite float32 numbers in ${name}, got ${numbers[odd]} at ${at + odd}`);
    if (numbers !== target) storeWeights(target, numbers);
  }
}

function widen(dtype: Dtype, { buffer, length }: Uint8Array, out: Float32Array): void {
  if (dtype === "F64" || dtype === "F32") {
    out.set(dtype === "F64" ? new Float64Array(buffer, 0, length / 8) : new Float32Array(buffer, 0, length / 4));
    return;
  }
  const halves = new Uint16Array(buffer, 0, length / 2);
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  if (dtype === "BF16") {
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
    return;
  }
  // The bits of a binary16, moved to those of a binary32, are the number times 2⁻¹¹², subnormals included.
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    bits[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
    out[i]! *= (half & 0x7c00) === 0x7c00 ? Infinity : 2 ** 112;
  }
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CheckpointError("loadWeights", "the header is not JSON", { cause });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) refuse("the header is not a JSON object");
  return header as Readonly<Record<string, unknown>>;
}

function piece(file: WeightFile, position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.read(bytes, position);
  return bytes;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array<ArrayBufferLike> =>
  new Uint8Array(buffer, byteOffset, byteLength);
const isDtype = (name: unknown): name is Dtype => typeof name === "string" && Object.hasOwn(BYTES, name);
const isSizes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function refuse(message: string): never {
  throw new CheckpointError("loadWeights", message);
}
