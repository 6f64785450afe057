import { describe } from "../arguments.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { dtype } from "../matrix/checks.ts";
import type { MatrixLike } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { sizeOf, take } from "../memory/allocate.ts";
import { isPacked, packScaled, powerOfTwo } from "../memory/scale.ts";
import { allOf, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { orthonormalizeColumns, orthonormalizeColumnsWorkspace } from "../qr/orthonormalize.ts";
import { fillUniform, type RandomKey } from "./random.ts";

/**
 * Magnitudes up to here, and their reciprocals, stay far inside the range: the products A Aᵀ Q in the dtype, and in float64 the squares of
 * those products' Gram matrices, eighth powers.
 */
const SAFE = { float32: 2 ** 40, float64: 2 ** 100 } as const;

/** How a range is found from random numbers. */
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
  readonly aOffset: number;
  /** The power of two by which A was divided. */
  readonly unit: number;
  /** Packed m × l. */
  readonly left: Real;
  /** Packed n × l. */
  readonly right: Real;
}

/**
 * Scratch for the subspace of a matrix whose largest magnitude is `most`; the bases hold garbage. The matrix is used in place if it
 * lies packed in the engine's heap and no product can overflow or vanish, else as a copy divided by a power of two, the `unit`.
 */
export function takeSubspace(work: Workspace, a: MatrixLike, l: number, most: number): Subspace {
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const type = dtype(a);
  const unit = most > SAFE[type] || most < 1 / SAFE[type] ? powerOfTwo(most) : 1;
  const inPlace = unit === 1 && isPacked(a) && work.engine.heap.owns(a.data);
  return {
    m,
    n,
    l,
    unit,
    a: inPlace ? a.data : packScaled(work.engine, take(work, type, m * n), a, 1 / unit),
    aOffset: inPlace ? a.offset : 0,
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
 * @see Halko, Martinsson and Tropp, Finding structure with randomness (2011), algorithm 4.4. Deviates: a uniform sketch.
 */
export function iterate(subspace: Subspace, powerIterations: number, key: RandomKey, work: Workspace): void {
  const { m, n, l, left, right } = subspace;
  fillSketch(right, key);
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

/** Independent uniform numbers in [−1, 1): centred and bounded, so as good a sketch as normal ones, at half their cost. */
function fillSketch(out: Real, key: RandomKey): void {
  fillUniform(out, key);
  for (let i = 0; i < out.length; i++) out[i] = 2 * out[i]! - 1;
}

/** left ← A right. */
export function timesRight({ m, n, l, a, aOffset, left, right }: Subspace, { engine }: Workspace): void {
  engine.gemm(false, false, m, l, n, 1, a, aOffset, n, right, 0, l, 0, left, 0, l);
}

/** right ← Aᵀ left. */
export function timesLeft({ m, n, l, a, aOffset, left, right }: Subspace, { engine }: Workspace): void {
  engine.gemm(true, false, n, l, m, 1, a, aOffset, n, left, 0, l, 0, right, 0, l);
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
      throw new OptionError(operation, `${name} must be a whole number, got ${describe(value)}`);
    }
  }
  if (rank > Math.min(m, n)) throw new ShapeError(operation, `rank ${rank} exceeds min of [${m}, ${n}]`);
}
