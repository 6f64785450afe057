import { sizeOf, take } from "./allocate.ts";
import { dtype } from "./border.ts";
import { OptionError, ShapeError } from "./errors.ts";
import type { Dtype, MatrixLike, Real } from "./matrix.ts";
import { orthonormalizeColumns, orthonormalizeColumnsWorkspace } from "./orthonormalize.ts";
import { fillNormal, type RandomKey } from "./random.ts";
import { packScaled } from "./scale.ts";
import { allOf, type Workspace, type WorkspaceSize } from "./workspace.ts";

export interface RangeFinderSettings {
  /** Columns that the random sketch has beyond the rank; default 8. Ignored with a warm start. */
  readonly oversampling?: number;
  /** Multiplications with a aᵀ, re-orthogonalized after each product; default 1. Ignored with a warm start. */
  readonly powerIterations?: number;
}

/** A scaled packed m × n matrix A, a basis `left` of l columns for its range, and `right` = Aᵀ left. */
export interface Subspace {
  readonly m: number;
  readonly n: number;
  readonly l: number;
  readonly a: Real;
  /** Packed m × l. */
  readonly left: Real;
  /** Packed n × l. */
  readonly right: Real;
}

/** Scratch for the subspace of a matrix, its elements divided by `unit`; the bases hold garbage. */
export function takeSubspace(work: Workspace, a: MatrixLike, l: number, unit: number): Subspace {
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const type = dtype(a);
  return {
    m,
    n,
    l,
    a: packScaled(work.engine, take(work, type, m * n), a, 1 / unit),
    left: take(work, type, m * l),
    right: take(work, type, n * l),
  };
}

/** Scratch of {@link takeSubspace} and {@link iterate}. */
export const subspaceWorkspace = (m: number, n: number, l: number, type: Dtype): WorkspaceSize =>
  allOf(
    sizeOf(type, m * n),
    sizeOf(type, m * l),
    sizeOf(type, n * l),
    orthonormalizeColumnsWorkspace(Math.max(m, n), l),
  );

/**
 * left ← an orthonormal basis that captures most of A, from random numbers, with an orthogonalization after every product;
 * right ← Aᵀ left.
 *
 * @see Halko, Martinsson and Tropp, Finding structure with randomness (2011), algorithm 4.4.
 */
export function iterate(subspace: Subspace, powerIterations: number, key: RandomKey, work: Workspace): void {
  const { m, n, l, left, right } = subspace;
  fillNormal(right, key);
  timesRight(subspace, work);
  orthonormalizeColumns(m, l, left, powerIterations > 0, work);
  for (let i = 1; i <= powerIterations; i++) {
    timesLeft(subspace, work);
    orthonormalizeColumns(n, l, right, true, work);
    timesRight(subspace, work);
    orthonormalizeColumns(m, l, left, i < powerIterations, work);
  }
  timesLeft(subspace, work);
}

/** left ← A right. */
export function timesRight({ m, n, l, a, left, right }: Subspace, { engine }: Workspace): void {
  engine.gemm(false, false, m, l, n, 1, a, 0, n, right, 0, l, 0, left, 0, l);
}

/** right ← Aᵀ left. */
export function timesLeft({ m, n, l, a, left, right }: Subspace, { engine }: Workspace): void {
  engine.gemm(true, false, n, l, m, 1, a, 0, n, left, 0, l, 0, right, 0, l);
}

/** Columns of the sketch. */
export const sketchSize = (m: number, n: number, rank: number, oversampling: number): number =>
  Math.min(rank + oversampling, m, n);

/** @throws {OptionError} @throws {ShapeError} */
export function checkSketch(
  operation: string,
  m: number,
  n: number,
  rank: number,
  oversampling: number,
  powerIterations: number,
): void {
  for (const [name, value] of Object.entries({ rank, oversampling, powerIterations })) {
    if (!(Number.isInteger(value) && value >= 0)) {
      throw new OptionError(operation, `${name} must be a whole number, got ${value}`);
    }
  }
  if (rank > Math.min(m, n)) throw new ShapeError(operation, `rank ${rank} exceeds min of [${m}, ${n}]`);
}
