import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import type { Collective, CollectiveArray } from "@sumo/core";
import { CollectiveArgumentError } from "../src/index.ts";

/** The contract of `Collective`, in cases that every rank runs. They run in processes without a test runner, so they throw. */
export const contract: Readonly<Record<string, (collective: Collective) => void>> = {
  "ranks are numbered from 0": (collective) => {
    const { rank, size } = collective;
    ok(rank >= 0 && rank < size);
    const ranks = new Int32Array(size);
    collective.allGather(ranks, Int32Array.of(rank));
    deepStrictEqual([...ranks], range(size));
  },

  "allReduce sums, and finds the maximum, in every type and length": (collective) => {
    for (const create of TYPES) {
      for (const length of LENGTHS) {
        const sum = valuesOf(create, length, collective.rank);
        collective.allReduce(sum, "sum");
        same(
          sum,
          reduced(create, length, collective.size, (a, b) => a + b),
        );
        const max = valuesOf(create, length, collective.rank);
        collective.allReduce(max, "max");
        same(max, reduced(create, length, collective.size, Math.max));
      }
    }
  },

  "a view's neighbours are untouched, in plain and shared memory, and in heaps of WebAssembly": (collective) => {
    const { rank, size } = collective;
    for (const memory of memories()) {
      const whole = new Float32Array(memory, 64, 40).fill(-1);
      const view = whole.subarray(7, 20);
      view.fill(rank + 1);
      collective.allReduce(view, "sum");
      const total = (size * (size + 1)) / 2;
      deepStrictEqual([...whole], [...filled(7, -1), ...filled(13, total), ...filled(20, -1)]);
      const block = new Float32Array(memory, 256, 3).fill(rank);
      const gathered = new Float32Array(memory, 512, 3 * size);
      collective.allGather(gathered, block);
      deepStrictEqual(
        [...gathered],
        range(size).flatMap((other) => filled(3, other)),
      );
    }
  },

  "a sum has the same bits on every rank, and is as close as its order allows": (collective) => {
    const { rank, size } = collective;
    const length = 1000;
    const random = (seed: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i + 7 * seed + 1));
    const sum = random(rank);
    collective.allReduce(sum, "sum");
    const all = new Float32Array(size * length);
    collective.allGather(all, sum);
    for (const other of range(size)) same(all.subarray(other * length, (other + 1) * length), sum);
    const vectors = range(size).map(random);
    for (let i = 0; i < length; i++) {
      const exact = vectors.reduce((total, vector) => total + vector[i]!, 0);
      const magnitude = vectors.reduce((total, vector) => total + Math.abs(vector[i]!), 0);
      ok(Math.abs(sum[i]! - exact) <= (size - 1) * 2 ** -24 * (1 + 2 ** -20) * magnitude);
    }
    if (size === 2)
      same(
        sum,
        vectors[0]!.map((x, i) => x + vectors[1]![i]!),
      );
  },

  "NaN and infinities pass through a sum": (collective) => {
    const last = collective.rank === collective.size - 1;
    const values = last ? Float32Array.of(Number.NaN, Infinity, 1) : Float32Array.of(1, 1, 1);
    collective.allReduce(values, "sum");
    deepStrictEqual([...values], [Number.NaN, Infinity, collective.size]);
  },

  "whole numbers wrap": (collective) => {
    const bytes = Uint8Array.of(200);
    collective.allReduce(bytes, "sum");
    strictEqual(bytes[0], (200 * collective.size) % 256);
  },

  "reduceScatter gives each rank its block": (collective) => {
    const { rank, size } = collective;
    for (const create of TYPES) {
      for (const length of LENGTHS) {
        const out = create(length);
        collective.reduceScatter(out, valuesOf(create, size * length, rank), "sum");
        const whole = reduced(create, size * length, size, (a, b) => a + b);
        same(out, whole.subarray(rank * length, (rank + 1) * length));
        collective.reduceScatter(out, valuesOf(create, size * length, rank), "max");
        const most = reduced(create, size * length, size, Math.max);
        same(out, most.subarray(rank * length, (rank + 1) * length));
      }
    }
  },

  "allGather concatenates in rank order": (collective) => {
    const { rank, size } = collective;
    for (const create of TYPES) {
      for (const length of LENGTHS) {
        const out = create(size * length);
        collective.allGather(out, valuesOf(create, length, rank));
        for (const other of range(size)) {
          same(out.subarray(other * length, (other + 1) * length), valuesOf(create, length, other));
        }
      }
    }
  },

  "broadcast sends the root's values, from any root": (collective) => {
    const { rank, size } = collective;
    for (const create of TYPES) {
      for (const length of LENGTHS) {
        for (const root of range(size)) {
          const values = valuesOf(create, length, rank);
          collective.broadcast(values, root);
          same(values, valuesOf(create, length, root));
        }
      }
    }
  },

  "reductions that were started end at their wait, in any order, with others between": (collective) => {
    const { rank, size } = collective;
    const lengths = [8, 0, 70_000, 3];
    const arrays = lengths.map((length, i) => new Float32Array(length).fill(rank + i));
    const started = arrays.map((values, i) => collective.allReduceStart(values, i === 3 ? "max" : "sum"));
    collective.barrier();
    const between = Int32Array.of(1);
    collective.allReduce(between, "sum");
    strictEqual(between[0], size);
    // Each rank waits in an order of its own.
    const order = rank % 2 === 0 ? [3, 0, 2, 1] : [1, 2, 0, 3];
    for (const i of order) started[i]!.wait();
    started[0]!.wait();
    const ranks = (size * (size - 1)) / 2;
    for (const i of [0, 1, 2]) same(arrays[i]!, new Float32Array(lengths[i]!).fill(ranks + i * size));
    same(arrays[3]!, new Float32Array(3).fill(size - 1 + 3));
  },

  "reduceStart gives the root the reduction, and leaves the others' values": (collective) => {
    const { rank, size } = collective;
    for (const create of TYPES) {
      for (const length of LENGTHS) {
        for (const root of range(size)) {
          const [sum, max] = [valuesOf(create, length, rank), valuesOf(create, length, rank)];
          const started = [collective.reduceStart(sum, "sum", root), collective.reduceStart(max, "max", root)];
          const all = Int32Array.of(1);
          collective.allReduce(all, "sum");
          strictEqual(all[0], size);
          for (const each of started) each.wait();
          const own = valuesOf(create, length, rank);
          same(sum, rank === root ? reduced(create, length, size, (a, b) => a + b) : own);
          same(max, rank === root ? reduced(create, length, size, Math.max) : own);
        }
      }
    }
  },

  "an array that nobody but the pending reduction holds is safe": (collective) => {
    const started = range(50).map(() => collective.allReduceStart(new Float32Array(2000).fill(1), "sum"));
    const garbage = range(200).map((i) => new Float32Array(5000).fill(i));
    ok(garbage.length > 0);
    for (const one of started) one.wait();
    collective.barrier();
  },

  "bad arguments throw on this rank alone, and change nothing": (collective) => {
    const { size } = collective;
    const values = Float32Array.of(1, 2, 3);
    const other = new Uint16Array(3) as unknown as Uint8Array;
    const refused = (call: () => void) =>
      throws(call, (error) => error instanceof CollectiveArgumentError && error.code === "COLLECTIVE_ARGUMENT");
    if (collective.rank === 0) {
      refused(() => collective.allReduce(other, "sum"));
      refused(() => collective.allReduce([1, 2] as unknown as Float32Array, "sum"));
      refused(() => collective.allReduce(values, "mean" as "sum"));
      refused(() => collective.allReduceStart(values, "min" as "max"));
      refused(() => collective.reduceScatter(values, new Float32Array(3 * size + 1), "sum"));
      refused(() => collective.allGather(new Float64Array(3 * size), values));
      refused(() => collective.allGather(new Float32Array(3 * size + 1), values));
      const memory = new Float32Array(3 * size);
      refused(() => collective.allGather(memory, memory.subarray(0, 3)));
      refused(() => collective.reduceScatter(memory.subarray(0, 3), memory, "sum"));
      for (const root of [-1, size, 0.5, Number.NaN]) {
        refused(() => collective.broadcast(values, root));
        refused(() => collective.reduceStart(values, "sum", root));
      }
      refused(() => collective.reduceStart(values, "mean" as "sum", 0));
    }
    deepStrictEqual([...values], [1, 2, 3]);
    collective.allReduce(values, "sum");
    deepStrictEqual([...values], [size, 2 * size, 3 * size]);
  },
};

const TYPES: readonly ((length: number) => CollectiveArray)[] = [
  (length) => new Float32Array(length),
  (length) => new Float64Array(length),
  (length) => new Int32Array(length),
  (length) => new Uint8Array(length),
];

/** None, one, a few, and more than threads send in a round. */
const LENGTHS = [0, 1, 5, 70_001];

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const filled = (count: number, value: number) => Array.from({ length: count }, () => value);

/** Small whole numbers, whose sums are exact in every type. */
function valuesOf(create: (length: number) => CollectiveArray, length: number, rank: number): CollectiveArray {
  const values = create(length);
  for (let i = 0; i < length; i++) values[i] = (i * 7 + rank * 13) % 31;
  return values;
}

function reduced(
  create: (length: number) => CollectiveArray,
  length: number,
  size: number,
  reduce: (a: number, b: number) => number,
): CollectiveArray {
  const out = valuesOf(create, length, 0);
  for (let rank = 1; rank < size; rank++) {
    const next = valuesOf(create, length, rank);
    for (let i = 0; i < length; i++) out[i] = reduce(out[i]!, next[i]!);
  }
  return out;
}

/** Compares bits. */
function same(a: CollectiveArray, b: CollectiveArray): void {
  const bytes = ({ buffer, byteOffset, byteLength }: CollectiveArray) => Buffer.from(buffer, byteOffset, byteLength);
  ok(bytes(a).equals(bytes(b)));
}

const memories = (): readonly (ArrayBuffer | SharedArrayBuffer)[] => [
  new ArrayBuffer(65_536),
  new SharedArrayBuffer(65_536),
  new WebAssembly.Memory({ initial: 1 }).buffer,
  new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
];
