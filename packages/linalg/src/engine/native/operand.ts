import type { Real } from "../../matrix/real.ts";

/** Held by the elements that no kernel may write. */
const GUARD = 77;
/** Numbers in [−1, 1) of a linear congruential generator modulo 2³² (Numerical Recipes' constants): more than a row has. */
const NUMBERS = randomNumbers(997);

/** A row-major matrix of reproducible numbers, with guards around it and between its rows. */
export class Operand<D extends Real = Real> {
  readonly data: D;
  readonly rows: number;
  readonly cols: number;
  readonly offset: number;
  readonly ld: number;
  private readonly before: D;

  constructor(storage: new (length: number) => D, rows: number, cols: number, offset: number, gap: number) {
    this.rows = rows;
    this.cols = cols;
    this.offset = offset;
    this.ld = Math.max(1, cols) + gap;
    this.data = new storage(offset + rows * this.ld + 3).fill(GUARD) as D;
    for (let i = 0; i < rows; i++) {
      const start = (37 * i + 11 * rows + 5 * cols) % (NUMBERS.length - cols);
      this.data.set(NUMBERS.subarray(start, start + cols), offset + i * this.ld);
    }
    this.before = this.data.slice() as D;
  }

  get(i: number, j: number): number {
    return this.data[this.offset + i * this.ld + j]!;
  }

  set(i: number, j: number, value: number): void {
    this.data[this.offset + i * this.ld + j] = value;
  }

  /** Element (i, j) as it was made. */
  initial(i: number, j: number): number {
    return this.before[this.offset + i * this.ld + j]!;
  }

  /** Whether every bit is as it was made. */
  get isUntouched(): boolean {
    const { buffer } = this.data;
    return Buffer.from(buffer).equals(Buffer.from(this.before.buffer));
  }

  /** Whether nothing outside the matrix was written. */
  get hasGuards(): boolean {
    const { data, rows, cols, offset, ld } = this;
    for (let i = -1; i < rows; i++) {
      const from = i < 0 ? 0 : offset + i * ld + cols;
      const to = i < rows - 1 ? offset + (i + 1) * ld : data.length;
      for (let at = from; at < to; at++) if (data[at] !== GUARD) return false;
    }
    return true;
  }
}

function randomNumbers(length: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
