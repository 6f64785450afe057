import type { Scratch } from "./backend.ts";

/** Scratch of a device that allocates on demand: a matrix is allocated when it is taken, and released when its scope ends. */
export class OwningScratch<T extends Handle, Handle = T> implements Scratch<Handle> {
  private readonly make: (rows: number, cols: number) => T;
  private readonly free: (matrix: T) => void;
  private taken: T[] = [];

  constructor(make: (rows: number, cols: number) => T, free: (matrix: T) => void) {
    this.make = make;
    this.free = free;
  }

  scope<R>(body: (scratch: Scratch<Handle>) => R): R {
    const outer = this.taken;
    this.taken = [];
    try {
      return body(this);
    } finally {
      this.dispose();
      this.taken = outer;
    }
  }

  matrix(rows: number, cols: number): T {
    const matrix = this.make(rows, cols);
    this.taken.push(matrix);
    return matrix;
  }

  dispose(): void {
    for (const matrix of this.taken) this.free(matrix);
    this.taken = [];
  }
}
