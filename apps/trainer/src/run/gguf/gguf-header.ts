import { type GGUFTypedMetadata, GGUFValueType, serializeGgufMetadata } from "@huggingface/gguf";

/** A value of a GGUF file's metadata; a list has one type. */
type GgufValue =
  | { readonly text: string }
  | { readonly count: number }
  | { readonly real: number }
  | { readonly flag: boolean }
  | { readonly texts: readonly string[] }
  | { readonly integers: readonly number[] };

export type GgufMetadata = Readonly<Record<string, GgufValue>>;

/** A tensor as a GGUF file lists it. */
interface GgufTensor {
  readonly name: string;
  /** The longest stride first. */
  readonly shape: readonly number[];
  /** GGML's number of its type, and the bytes of an element. */
  readonly id: number;
  readonly bytes: number;
}

/** Bytes at whose multiples the numbers of each tensor begin. */
const ALIGNMENT = 32;

/** Bytes that a GGUF file has for so many, up to the next tensor. */
export const alignedSize = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** All of a GGUF file, version 3, up to the first tensor's numbers. */
export function ggufHeader(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Uint8Array {
  const { UINT32, UINT64 } = GGUFValueType;
  const all: GgufMetadata = { ...metadata, "general.alignment": { count: ALIGNMENT } };
  const typed = Object.fromEntries(Object.entries(all).map(([key, value]) => [key, typedValue(value)]));
  const keys = {
    version: { value: 3, type: UINT32 },
    tensor_count: { value: BigInt(tensors.length), type: UINT64 },
    kv_count: { value: BigInt(Object.keys(typed).length), type: UINT64 },
    ...typed,
  } as unknown as GGUFTypedMetadata;
  const head = serializeGgufMetadata(keys, { alignment: 1 }); // the table of tensors follows at once
  let offset = 0;
  const table = tensors.map(({ name, shape, id, bytes }) => {
    const row = tableRow(name, shape, id, offset);
    offset += alignedSize(bytes * shape.reduce((product, size) => product * size, 1));
    return row;
  });
  const parts = [head, ...table];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat(parts, alignedSize(size)); // filled up with zeros
}

function typedValue(value: GgufValue): object {
  const { STRING, UINT32, FLOAT32, BOOL, ARRAY, INT32 } = GGUFValueType;
  if ("text" in value) return { value: value.text, type: STRING };
  if ("count" in value) return { value: value.count, type: UINT32 };
  if ("real" in value) return { value: value.real, type: FLOAT32 };
  if ("flag" in value) return { value: value.flag, type: BOOL };
  if ("texts" in value) return { value: value.texts, type: ARRAY, subType: STRING };
  return { value: value.integers, type: ARRAY, subType: INT32 };
}

/** A tensor's name, sizes with the shortest stride first, type, and place after the header. */
function tableRow(name: string, shape: readonly number[], id: number, offset: number): Buffer {
  const text = Buffer.from(name);
  const row = Buffer.alloc(8 + text.length + 4 + 8 * shape.length + 4 + 8);
  let at = row.writeBigUInt64LE(BigInt(text.length));
  at += text.copy(row, at);
  at = row.writeUInt32LE(shape.length, at);
  for (const size of [...shape].reverse()) at = row.writeBigUInt64LE(BigInt(size), at);
  at = row.writeUInt32LE(id, at);
  row.writeBigUInt64LE(BigInt(offset), at);
  return row;
}
