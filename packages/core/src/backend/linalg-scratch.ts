import { type Engine, type Matrix, matrix, Workspace } from "@sumo/linalg";
import type { Scratch } from "./backend.ts";

/** A row-major float32 matrix, the handle of `linalgBackend`. */
export type LinalgMatrix = Matrix<Float32Array>;

/** Scratch in the engine's heap, whose workspace linalg's routines take. */
export class LinalgScratch implements Scratch<LinalgMatrix> {
  readonly work: Workspace;
  /** The handles given out so far, by address and shape: a warm step makes no new ones. */
  private readonly handles = new Map<string, LinalgMatrix>();

  constructor(engine: Engine, bytes: number) {
    this.work = new Workspace(engine, bytes);
  }

  scope<R>(body: (scratch: Scratch<LinalgMatrix>) => R): R {
    return this.work.scope(() => body(this));
  }

  matrix(rows: number, cols: number): LinalgMatrix {
    const data = this.work.float32(rows * cols);
    const key = `${data.byteOffset}:${rows}:${cols}`;
    let handle = this.handles.get(key);
    if (handle === undefined || handle.data !== data) {
      handle = matrix(rows, cols, data) as LinalgMatrix;
      this.handles.set(key, handle);
    }
    return handle;
  }

  dispose(): void {
    this.work.dispose();
  }
}
