import type { Backend, PolarInfo, Scratch } from "../../backend/backend.ts";
import { newtonSchulzOptions, type Orthogonalize } from "../sumo/options.ts";

/** Unit roundoff of float32: what lies this far below σ₁ in a float32 moment is rounding noise. */
const EPS32 = 2 ** -23;

/**
 * Algorithm 1, step 3: x ← U Vᵀ, where x = U S Vᵀ: the nearest matrix with orthonormal rows (columns, if tall).
 * Exact by default; directions below `EPS32 · max(rows, cols)` of the largest contribute nothing, so zero stays zero.
 */
export function orthogonalize<T>(
  backend: Backend<T, never>,
  x: T,
  rows: number,
  cols: number,
  method: Orthogonalize,
  scratch: Scratch<T>,
): PolarInfo {
  const approximate = newtonSchulzOptions(method);
  if (approximate === undefined) return backend.polar(x, x, scratch, { tolerance: EPS32 * Math.max(rows, cols) });
  backend.newtonSchulz(x, x, scratch, approximate);
  return {};
}
