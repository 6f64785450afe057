import { currentEngine } from "../engine/current.ts";
import { WorkspaceError } from "../errors.ts";
import { dtype } from "../matrix/checks.ts";
import { type Matrix, type MatrixLike, matrix, newVector } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { sizeOfFloat32, sizeOfFloat64, Workspace, type WorkspaceSize } from "./workspace.ts";

/** Runs `body` with scratch of its own on the current engine: what an allocating routine does around its `…Into`. @throws {WorkspaceError} */
export function withWorkspace<R>(operation: string, size: WorkspaceSize, body: (work: Workspace) => R): R {
  const work = newWorkspace(operation, size);
  try {
    return body(work);
  } finally {
    work.dispose();
  }
}

/** Scratch on the current engine. @throws {WorkspaceError} in the routine's name, with the way to a larger heap. */
export function newWorkspace(operation: string, size: WorkspaceSize): Workspace {
  try {
    return new Workspace(currentEngine(), size);
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    throw new WorkspaceError(operation, size, error.haveBytes, size > MOST_BYTES ? TOO_LARGE : LARGER_HEAP);
  }
}

/** WebAssembly's addresses have 32 bits. */
const MOST_BYTES = 2 ** 32;
const LARGER_HEAP = "choose an engine with a larger heap: useEngine(createWasmEngine({ bytes: 4 * 2 ** 30 }))";
const TOO_LARGE = "no heap can have more than 4 GiB: split the matrix, or take a routine whose result is smaller";

/** A new matrix of zeros of the dtype of `a`. @throws {ShapeError} if it is too large to allocate. */
export function zerosLike<D extends Real>(operation: string, a: MatrixLike<D>, rows: number, cols: number): Matrix<D> {
  return matrix(rows, cols, vectorLike(operation, a, rows * cols));
}

/** A new vector of zeros of the dtype of `a`. @throws {ShapeError} if it is too large to allocate. */
export function vectorLike<D extends Real>(operation: string, a: MatrixLike<D>, length: number): D {
  return newVector(operation, length, dtype(a)) as D;
}

/** `length` elements of scratch of a dtype. */
export const take = (work: Workspace, type: Dtype, length: number): Real =>
  type === "float32" ? work.float32(length) : work.float64(length);

export const sizeOf = (type: Dtype, length: number): WorkspaceSize =>
  type === "float32" ? sizeOfFloat32(length) : sizeOfFloat64(length);
