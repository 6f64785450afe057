import { dtype } from "../matrix/checks.ts";
import type { MatrixLike } from "../matrix/matrix.ts";
import { largest, packScaled, powerOfTwo } from "../memory/scale.ts";
import { allOf, anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { bidiagonalSvd, bidiagonalSvdWorkspace } from "./bidiagonal-svd.ts";
import { gramSvd, gramSvdWorkspace } from "./gram-svd.ts";

import { rowSvd, rowSvdWorkspace } from "./row-svd.ts";

/** The decomposition of a matrix divided by a power of two, in float64 scratch: a = unit Σ s_i u_i vᵢᵀ. */
export interface ScaledSvd {
  readonly unit: number;
  /** k = min(m, n) values, descending. */
  readonly s: Float64Array;
  /** Packed rows of length m: k left singular vectors, then, if full, what completes them. */
  readonly u: Float64Array;
  /** Packed rows of length n, likewise. */
  readonly v: Float64Array;
}

export interface ScaledSvdOptions {
  readonly full?: boolean;
  /** Default true; without it u and v hold garbage. */
  readonly vectors?: boolean;
}

/** Decomposes `a` into scratch that lives until the caller's scope ends. @throws {NonFiniteError} @throws {NotConvergedError} */
export function scaledSvd(
  operation: string,
  a: MatrixLike,
  work: Workspace,
  { full = false, vectors = true }: ScaledSvdOptions = {},
): ScaledSvd {
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const tall = m >= n;
  const [k, length] = tall ? [n, m] : [m, n];
  const p = full ? length : k;
  const unit = powerOfTwo(largest(operation, a, work.engine));
  const long = packScaled(work.engine, work.float64(p * length), a, 1 / unit, tall);
  const short = work.float64(k * k);
  const s = work.float64(k);
  const wanted = vectors ? { s, left: short, right: long } : { s };
  const done =
    (dtype(a) === "float32" && p === k && gramSvd(operation, k, length, long, wanted, work)) ||
    bidiagonalSvd(operation, k, length, long, wanted, p, work);
  if (!done) rowSvd(operation, k, length, long, wanted, p, work);
  return tall ? { unit, s, u: long, v: short } : { unit, s, u: short, v: long };
}

/** Scratch of {@link scaledSvd}. */
export function scaledSvdWorkspace(m: number, n: number, { full = false }: ScaledSvdOptions = {}): WorkspaceSize {
  const [k, length] = [Math.min(m, n), Math.max(m, n)];
  const p = full ? length : k;
  return allOf(
    sizeOfFloat64(p * length),
    sizeOfFloat64(k * k),
    sizeOfFloat64(k),
    anyOf(gramSvdWorkspace(k, length), bidiagonalSvdWorkspace(k, length, p), rowSvdWorkspace(k, length, p)),
  );
}
