import { type Matrix, matrix, Workspace } from "@sumo/linalg";
import type { Scratch } from "./backend.ts";

/** Handle of `linalgBackend`: a row-major float32 matrix. */
export type LinalgMatrix = Matrix<Float32Array>;

/** A workspace of linalg that also allocates matrices. */
export class LinalgScratch extends Workspace implements Scratch<LinalgMatrix> {
  /** Cache of handles by address and shape, so that later steps create no new ones. */
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
