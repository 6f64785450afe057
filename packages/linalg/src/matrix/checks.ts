import { describe } from "../arguments.ts";
import { ArgumentError, DtypeError, ShapeError } from "../errors.ts";
import { checkMatrix, type MatrixLike } from "./matrix.ts";
import { mayOverlap } from "./overlap.ts";
import { type Dtype, dtypeOf, type Real } from "./real.ts";

/** Element type of a matrix that passed {@link checkMatrix}. */
export const dtype = (a: MatrixLike): Dtype => dtypeOf(a.data)!;

/** Checks `a` and that it is `rows × cols`. @throws {ShapeError} @throws {DtypeError} */
export function checkShape(operation: string, name: string, a: MatrixLike, rows: number, cols: number): void {
  checkMatrix(operation, a, name);
  if (a.shape[0] !== rows || a.shape[1] !== cols) {
    throw new ShapeError(operation, `expected ${name} [${rows}, ${cols}], got [${a.shape[0]}, ${a.shape[1]}]`);
  }
}

/** Checks that `a` is a square matrix and returns its order. @throws {ShapeError} @throws {DtypeError} */
export function checkSquare(operation: string, a: MatrixLike): number {
  checkMatrix(operation, a);
  const n = a.shape[0]!;
  if (a.shape[1] !== n) throw new ShapeError(operation, `expected a square matrix, got [${n}, ${a.shape[1]}]`);
  return n;
}

/** Checks an output: like {@link checkShape}, and no two elements share their storage. */
export function checkOutput(operation: string, name: string, a: MatrixLike, rows: number, cols: number): void {
  checkShape(operation, name, a, rows, cols);
  const down = Math.abs(a.stride[0]!);
  const across = Math.abs(a.stride[1]!);
  // Elements (i, j) and (i + across / g, j - down / g) are one, with g the greatest common divisor; two zero strides have g = 0.
  const g = Math.max(1, greatestCommonDivisor(down, across));
  const stays = (stride: number, length: number): boolean => stride / g < length;
  if (rows * cols > 1 && stays(across, rows) && stays(down, cols)) {
    throw new ShapeError(
      operation,
      `expected ${name} with elements apart, got strides [${a.stride[0]}, ${a.stride[1]}]`,
    );
  }
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/** @throws {DtypeError} unless both have the same element type. */
export function checkSameDtype(operation: string, a: Real, b: Real): void {
  if (dtypeOf(a) !== dtypeOf(b)) {
    throw new DtypeError(operation, `expected operands of one dtype, got ${dtypeOf(a)} and ${dtypeOf(b)}`);
  }
}

/** Checks a vector of results, whose name is left out of `out` where it is not wanted. @throws {ArgumentError} @throws {ShapeError} @throws {DtypeError} */
export function checkVector(operation: string, name: string, values: Real, length: number, like?: Real): void {
  const type = dtypeOf(values);
  if (type === undefined)
    throw new ArgumentError(operation, `expected ${name} to be a float array, got ${describe(values)}`);
  if (values.length !== length)
    throw new ShapeError(operation, `expected ${name} of length ${length}, got ${values.length}`);
  if (like !== undefined) checkSameDtype(operation, values, like);
}

/** Refuses two outputs that share elements: the second would overwrite the first. @throws {ShapeError} */
export function checkApart(operation: string, names: string, a: MatrixLike, b: MatrixLike): void {
  if (mayOverlap(a, b)) throw new ShapeError(operation, `expected ${names} apart, got outputs that share memory`);
}
