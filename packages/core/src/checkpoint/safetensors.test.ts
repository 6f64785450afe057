import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SafetensorsError } from "../errors.ts";
import { narrowed, widened } from "./half.ts";
import { readSafetensors, safetensorsPieces, writeSafetensors } from "./safetensors.ts";
import type { Tensor } from "./tensor.ts";

const arrays = [Float64Array, Float32Array, Int32Array, Uint16Array, Int8Array, Uint8Array];
const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom(...arrays),
    fc.array(fc.nat(4), { maxLength: 3 }),
    fc.array(fc.integer(), { maxLength: 64, minLength: 64 }),
  )
  .map(([Type, shape, values]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return { shape, data: new Type(values.slice(0, size)) };
  });
const name = fc.string({ minLength: 1 }).filter((text) => text !== "__metadata__");

test("what is written is read", () => {
  fc.assert(
    fc.property(fc.dictionary(name, tensor), fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
      const file = readSafetensors(writeSafetensors(tensors, metadata));
      expect({ ...file.tensors }).toEqual({ ...tensors });
      expect({ ...file.metadata }).toEqual({ ...metadata });
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("the layout is the format's, byte for byte", () => {
  const bytes = writeSafetensors({
    b: { shape: [2], data: Float32Array.of(1, 2) },
    a: { shape: [], data: Float64Array.of(3) },
  });
  const header =
    '{"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  expect(new DataView(bytes.buffer).getBigUint64(0, true)).toBe(BigInt(padded.length));
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded.length))).toBe(padded);
  expect(new Float64Array(bytes.slice(8 + padded.length).buffer, 0, 1)).toEqual(Float64Array.of(3));
  expect(new Float32Array(bytes.slice(8 + padded.length).buffer, 8, 2)).toEqual(Float32Array.of(1, 2));
});

test("the pieces are the file, and a tensor's piece is its own memory", () => {
  const data = Float32Array.of(1, 2);
  const tensors = {
    a: { shape: [], data: Float64Array.of(3) },
    b: { shape: [2], data },
    none: { shape: [0], data: new Int8Array() },
  };
  const pieces = [...safetensorsPieces(tensors, { key: "value" })];
  expect(Buffer.concat(pieces).equals(writeSafetensors(tensors, { key: "value" }))).toBe(true);
  expect(pieces.some(({ buffer }) => buffer === data.buffer)).toBe(true);
});

test("a file in the middle of a larger buffer is read", () => {
  const bytes = writeSafetensors({ a: { shape: [1], data: Float64Array.of(7) } });
  const inside = new Uint8Array(bytes.length + 3);
  inside.set(bytes, 3);
  expect(readSafetensors(inside.subarray(3)).tensors["a"]!.data).toEqual(Float64Array.of(7));
});

test("a Uint8Array of another class, whose slices do not copy, is read", () => {
  class View extends Uint8Array {
    override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
      return this.subarray(start, end) as Uint8Array<ArrayBuffer>;
    }
  }
  const bytes = writeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) } });
  expect(readSafetensors(new View(bytes)).tensors["a"]).toEqual({ shape: [2], data: Float32Array.of(1, 2) });
});

test("16-bit floats are widened without loss", () => {
  const bits = Uint16Array.of(0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x7c00, 0xfc00);
  const halves = [0, -0, 1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, Infinity, -Infinity];
  const read = (dtype: string, values: Uint16Array) => {
    const entry = { dtype, shape: [values.length], data_offsets: [0, values.byteLength] };
    const bytes = file({ a: entry }, values.byteLength);
    bytes.set(new Uint8Array(values.buffer), bytes.length - values.byteLength);
    return readSafetensors(bytes).tensors["a"]!.data;
  };
  expect(read("F16", bits)).toEqual(Float32Array.from(halves));
  expect(read("F16", Uint16Array.of(0x7c01))[0]).toBeNaN();
  expect(read("BF16", Uint16Array.of(0x3f80, 0xc000, 0x0001))).toEqual(Float32Array.of(1, -2, 2 ** -133));
});

/** A file with the given header and number of bytes of data. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

describe("refused", () => {
  const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });

  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["no length", new Uint8Array(7)],
    ["a header longer than the file", file("{}", 0).subarray(0, 9)],
    ["an absurd header length", new Uint8Array(16).fill(255)],
    ["no JSON", file("{", 0)],
    ["no UTF-8", Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 255)],
    ["an array", file([], 0)],
    ["an entry that is no object", file({ a: 1 }, 0)],
    ["an unknown dtype", file({ a: entry("F8_E5M2", [1], [0, 1]) }, 1)],
    ["a dtype from the prototype", file({ a: entry("toString", [1], [0, 1]) }, 1)],
    ["a negative length", file({ a: entry("U8", [-1], [0, 1]) }, 1)],
    ["a fractional length", file({ a: entry("U8", [0.5], [0, 1]) }, 1)],
    ["no offsets", file({ a: { dtype: "U8", shape: [1] } }, 1)],
    ["a shape that does not fit", file({ a: entry("F32", [2], [0, 4]) }, 4)],
    ["data beyond the end", file({ a: entry("U8", [2], [0, 2]) }, 1)],
    ["data that nobody owns", file({ a: entry("U8", [1], [0, 1]) }, 2)],
    ["a gap", file({ a: entry("U8", [1], [0, 1]), b: entry("U8", [1], [2, 3]) }, 3)],
    ["an overlap", file({ a: entry("U8", [2], [0, 2]), b: entry("U8", [2], [1, 3]) }, 3)],
    ["metadata that is no strings", file({ __metadata__: { a: 1 } }, 0)],
  ])("%s", (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(SafetensorsError);
  });

  test("any cut", () => {
    const whole = writeSafetensors({ a: { shape: [3], data: Float32Array.of(1, 2, 3) } }, { key: "value" });
    for (let length = 0; length < whole.length; length++) {
      expect(() => readSafetensors(whole.subarray(0, length))).toThrow(SafetensorsError);
    }
  });

  test("tensors that cannot be written", () => {
    expect(() => writeSafetensors({ a: { shape: [2], data: Float32Array.of(1) } })).toThrow(SafetensorsError);
    expect(() => safetensorsPieces({ a: { shape: [2], data: Float32Array.of(1) } })).toThrow(SafetensorsError);
    expect(() => writeSafetensors({ __metadata__: { shape: [1], data: Float32Array.of(1) } })).toThrow(
      SafetensorsError,
    );
  });
});

describe("16-bit numbers", () => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const write = (dtype: "F16" | "BF16", ...values: number[]) =>
    writeSafetensors({ a: { shape: [values.length], data: Float32Array.from(values), dtype } });
  const written = (dtype: "F16" | "BF16", ...values: number[]) =>
    Array.from(readSafetensors(write(dtype, ...values)).tensors["a"]!.data);

  test.each(["F16", "BF16"] as const)("%s: every finite number is written as it was read", (dtype) => {
    const numbers = widened(all, dtype);
    const finite = all.filter((bits) => Number.isFinite(numbers[bits]));
    expect(narrowed(widened(finite, dtype), dtype)).toEqual(finite);
    const file = write(dtype, ...widened(finite.slice(0, 100), dtype));
    expect(writeSafetensors(readSafetensors(file).tensors)).toEqual(file);
  });

  test.each(["F16", "BF16"] as const)("%s: other numbers are rounded to the nearest, ties to even", (dtype) => {
    const numbers = widened(all, dtype);
    const below = Float32Array.of(0);
    const bits = new Uint32Array(below.buffer);
    for (let even = 0; Number.isFinite(numbers[even + 2]); even += 2) {
      const [low, odd, high] = [numbers[even]!, numbers[even + 1]!, numbers[even + 2]!];
      for (const [middle, lower, tie, upper] of [
        [(low + odd) / 2, low, low, odd],
        [(odd + high) / 2, odd, high, high],
      ] as const) {
        if (Math.fround(middle) !== middle) continue; // between the smallest float32
        below[0] = middle;
        bits[0]!--;
        const before = below[0];
        bits[0]! += 2;
        const after = below[0];
        const got = widened(narrowed(Float32Array.of(before, middle, after, -before, -middle), dtype), dtype);
        if (got.join() !== [lower, tie, upper, -lower, -tie].join()) {
          expect(Array.from(got)).toEqual([lower, tie, upper, -lower, -tie]);
        }
      }
    }
  });

  test("infinities and NaN stay; finite numbers that become infinite are refused, and so are other arrays", () => {
    for (const dtype of ["F16", "BF16"] as const) {
      expect(written(dtype, Infinity, -Infinity, Number.NaN)).toEqual([Infinity, -Infinity, Number.NaN]);
      expect(() => writeSafetensors({ a: { shape: [1], data: Float64Array.of(1), dtype } })).toThrow(/Float32Array/);
    }
    expect(written("F16", 65_519)).toEqual([65_504]);
    expect(() => write("F16", 1, -65_520)).toThrow("a: -65520 at 1 is too large for F16");
    expect(() => write("BF16", 3.4e38)).toThrow("too large for BF16");
  });
});

test("bits of 16-bit numbers are written as they are, and read as their values", () => {
  const data = Uint16Array.of(0x3f80, 0xc000, 0x7f80);
  const file = writeSafetensors({ w: { shape: [3], data, dtype: "BF16" } });
  expect(file.subarray(-6)).toEqual(new Uint8Array(data.buffer));
  expect(readSafetensors(file).tensors["w"]).toEqual({
    shape: [3],
    data: Float32Array.of(1, -2, Infinity),
    dtype: "BF16",
  });
});
