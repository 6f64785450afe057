import fc from "fast-check";
import { expect, test } from "vitest";
import { OptionError, WorkspaceError } from "../errors.ts";
import { Heap } from "./heap.ts";

const bytes = 2 ** 18;

test("blocks are zeroed, aligned, apart, and given back whole", () => {
  const step = fc.record({
    release: fc.boolean(),
    pick: fc.nat(),
    length: fc.nat(3000),
    seed: fc.integer({ min: 1, max: 200 }),
  });
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const heap = new Heap({ bytes });
    const live: { block: Uint8Array; seed: number }[] = [];
    for (const { release, pick, length, seed } of steps) {
      if (release && live.length > 0) {
        const [gone] = live.splice(pick % live.length, 1);
        // What other blocks did in the meantime left this one alone.
        expect(gone!.block.every((byte) => byte === gone!.seed)).toBe(true);
        heap.release(gone!.block);
      } else {
        const block = heap.uint8(length);
        expect(block.byteOffset % 64).toBe(0);
        expect(block.every((byte) => byte === 0)).toBe(true);
        live.push({ block: block.fill(seed), seed });
      }
    }
    expect(heap.usedBytes).toBe(
      live.reduce((sum, { block }) => sum + Math.max(64, Math.ceil(block.length / 64) * 64), 0),
    );
    expect(heap.peakBytes).toBeGreaterThanOrEqual(heap.usedBytes);
    for (const { block } of live) heap.release(block);
    // The free blocks have merged: everything fits again.
    expect(heap.usedBytes).toBe(0);
    expect(heap.uint8(bytes - 1024).length).toBe(bytes - 1024);
  });
  fc.assert(property, { seed: 1, numRuns: 100 });
});

test("a full heap says what it needs and stays as it was", () => {
  const heap = new Heap({ bytes });
  const block = heap.float64(100);
  const used = heap.usedBytes;
  expect(() => heap.float32(bytes)).toThrow(WorkspaceError);
  expect(heap.usedBytes).toBe(used);
  heap.release(block);
});

test("every type lies in the one memory", () => {
  const heap = new Heap({ bytes, shared: true });
  for (const array of [heap.float32(3), heap.float64(3), heap.int32(3), heap.uint8(3)]) {
    expect(array.length).toBe(3);
    expect(heap.owns(array)).toBe(true);
    expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
  expect(heap.owns(new Float32Array(1))).toBe(false);
});

test("only what was allocated can be given back, and only once", () => {
  const heap = new Heap({ bytes });
  const block = heap.float32(64);
  expect(() => heap.release(block.subarray(32))).toThrow(OptionError);
  expect(() => heap.release(new Float32Array(64))).toThrow(OptionError);
  heap.release(block);
  expect(() => heap.release(block)).toThrow(OptionError);
});

test("a size outside the address space is refused", () => {
  for (const size of [0, 1000, 2 ** 32 + 1, Number.NaN]) expect(() => new Heap({ bytes: size })).toThrow(OptionError);
});

test("a heap inside a block of another one takes from that block alone", () => {
  const outer = new Heap({ bytes: 2 ** 16, shared: true });
  const block = outer.uint8(4096);
  const inner = new Heap({ memory: outer.memory, start: block.byteOffset, bytes: block.length });
  expect(inner.shared).toBe(true);
  const a = inner.float32(512);
  const b = inner.float64(256);
  expect([a.byteOffset, b.byteOffset]).toEqual([block.byteOffset, block.byteOffset + 2048]);
  expect(() => inner.uint8(1)).toThrow(WorkspaceError);
  expect(outer.owns(a)).toBe(true);
});

test("a shared heap knows its arrays after another shared memory has grown", async () => {
  const heap = new Heap({ bytes, shared: true });
  const before = heap.float32(3);
  const { buffer } = heap.memory;
  new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).grow(1);
  await expect.poll(() => heap.memory.buffer === buffer).toBe(false); // what V8 does, later
  expect([before, heap.float64(3)].every((array) => heap.owns(array))).toBe(true);
  heap.release(before);
});
