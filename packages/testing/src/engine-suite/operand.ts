import fc from "fast-check";
import { expect } from "vitest";
import type { Dtype, EngineUnderTest, Real } from "./engine.ts";

/** Value of elements that no kernel may write. */
const SENTINEL = 77;

/** Layout of an operand, and the seed of its elements. */
export interface Layout {
  readonly inHeap: boolean;
  readonly offset: number;
  /** Elements between the end of a row and the start of the next. */
  readonly gap: number;
  readonly seed: number;
}

export const layout: fc.Arbitrary<Layout> = fc.record({
  inHeap: fc.boolean(),
  offset: fc.nat(9),
  gap: fc.nat(5),
  seed: fc.nat(),
});

/** A row-major matrix of uniform numbers in [−1, 1), with sentinels around it and between its rows. */
export class Operand<D extends Real = Real> {
  readonly data: D;
  readonly rows: number;
  readonly cols: number;
  readonly offset: number;
  readonly ld: number;
  private readonly before: D;

  constructor(data: D, rows: number, cols: number, offset: number, ld: number, seed: number) {
    this.data = data;
    this.rows = rows;
    this.cols = cols;
    this.offset = offset;
    this.ld = ld;
    this.data.fill(SENTINEL);
    let state = seed;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        // A linear congruential generator modulo 2³² with the constants of Numerical Recipes.
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        this.set(i, j, state / 2 ** 31 - 1);
      }
    }
    this.before = this.data.slice() as D;
  }

  get(i: number, j: number): number {
    return this.data[this.offset + i * this.ld + j]!;
  }

  set(i: number, j: number, value: number): void {
    this.data[this.offset + i * this.ld + j] = value;
  }

  fill(value: number): void {
    for (let i = 0; i < this.rows; i++) for (let j = 0; j < this.cols; j++) this.set(i, j, value);
  }

  /** Initial value of element (i, j). */
  initial(i: number, j: number): number {
    return this.before[this.offset + i * this.ld + j]!;
  }

  /** The elements in order. */
  values(): number[] {
    return Array.from({ length: this.rows * this.cols }, (_, at) =>
      this.get(Math.floor(at / this.cols), at % this.cols),
    );
  }

  expectUntouched(): void {
    // Not toEqual, which is slow on long arrays.
    const at = this.data.findIndex((value, i) => !Object.is(value, this.before[i]));
    if (at >= 0) expect.fail(`element ${at} of an input was overwritten`);
  }

  /** Expects that no sentinel was written to. */
  expectGuards(): void {
    const { data, offset, ld, rows, cols } = this;
    for (let at = 0; at < data.length; at++) {
      const inside = at >= offset && at < offset + rows * ld && (at - offset) % ld < cols;
      if (!inside && data[at] !== SENTINEL) expect.fail(`element ${at}, outside the matrix, was overwritten`);
    }
  }
}

export type MakeOperand = <T extends Dtype>(
  dtype: T,
  rows: number,
  cols: number,
  layout: Layout,
) => Operand<T extends "float32" ? Float32Array : Float64Array>;

/** Runs `body` with a function that creates operands, and releases their memory. */
export function withOperands(engine: EngineUnderTest, body: (make: MakeOperand) => void): void {
  const inHeap: Real[] = [];
  try {
    body((dtype, rows, cols, { offset, gap, seed, ...layout }) => {
      const ld = Math.max(1, cols) + gap;
      const length = offset + rows * ld + 3;
      const data = layout.inHeap ? engine.heap[dtype](length) : plain(dtype, length);
      if (layout.inHeap) inHeap.push(data);
      return new Operand(data, rows, cols, offset, ld, seed) as never;
    });
  } finally {
    for (const data of inHeap) engine.heap.release(data);
  }
}

const plain = (dtype: Dtype, length: number): Real =>
  dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
