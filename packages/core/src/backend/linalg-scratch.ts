import { type Matrix, matrix, Workspace } from "@sumo/linalg";
import type { Scratch } from "./backend.ts";

/** A row-major float32 matrix, the handle of `linalgBackend`. */
export type LinalgMatrix = Matrix<Float32Array>;

/** A workspace of linalg's that hands out matrices as well: linalg's routines take it as it is. */
export class LinalgScratch extends Workspace implements Scratch<LinalgMatrix> {
  /** The handles given out so far, by address and shape: a warm step makes no new ones. */
  private readonly handles = new Map<string, LinalgMatrix>();

  matrix(rows: number, cols: number): LinalgMatrix {
    const data = this.float32(rows * cols);
    const key = `${data.byteOffset}:${rows}:${cols}`;
    let handle = this.handles.get(key);
    if (handle === undefined || handle.data !== data) {
      handle = matrix(rows, cols, data) as LinalgMatrix;
      this.handles.set(key, handle);
    }
    return handle;
  }
}
