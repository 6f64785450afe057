import { currentEngine } from "../engine/current.ts";
import { dtype } from "../matrix/checks.ts";
import { type Matrix, type MatrixLike, zeros } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { sizeOfFloat32, sizeOfFloat64, Workspace, type WorkspaceSize } from "./workspace.ts";

/** Runs `body` with scratch of its own on the current engine: what an allocating routine does around its `…Into`. */
export function withWorkspace<R>(size: WorkspaceSize, body: (work: Workspace) => R): R {
  const work = new Workspace(currentEngine(), size);
  try {
    return body(work);
  } finally {
    work.dispose();
  }
}

/** A new matrix of zeros of the dtype of `a`. */
export function zerosLike<D extends Real>(a: MatrixLike<D>, rows: number, cols: number): Matrix<D> {
  return zeros(rows, cols, dtype(a)) as Matrix as Matrix<D>;
}

/** A new vector of zeros of the dtype of `a`. */
export function vectorLike<D extends Real>(a: MatrixLike<D>, length: number): D {
  return (dtype(a) === "float32" ? new Float32Array(length) : new Float64Array(length)) as Real as D;
}

/** `length` elements of scratch of a dtype. */
export const take = (work: Workspace, type: Dtype, length: number): Real =>
  type === "float32" ? work.float32(length) : work.float64(length);

export const sizeOf = (type: Dtype, length: number): WorkspaceSize =>
  type === "float32" ? sizeOfFloat32(length) : sizeOfFloat64(length);
