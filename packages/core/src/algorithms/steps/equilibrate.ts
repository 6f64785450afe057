import type { Backend, BackendSizes, Scratch } from "../../backend/backend.ts";
import type { Layout } from "./scale.ts";

/**
 * Equilibration of the matrix that is orthogonalized, which takes no state: `rows` brings the row of every output to the same length, so that
 * none is lost among longer ones. A row is stored as a column under the layout `in-out`.
 */
export type Equilibrate = (typeof EQUILIBRATIONS)[number];

export const EQUILIBRATIONS = ["off", "rows"] as const;

/**
 * x ← diag(‖row‖)⁻¹ x, each row of length 1; a row of zeros stays.
 *
 * @see Chang et al., MuonEq, arXiv 2603.28254 (2026), the row-normalized variant. Deviates: no constant is added to the norms.
 */
export function equilibrate<T>(
  backend: Backend<T, never>,
  x: T,
  method: Equilibrate,
  layout: Layout,
  scratch: Scratch<T>,
): void {
  if (method === "off") return;
  backend.scaleLines(x, x, undefined, x, layout === "out-in" ? "rows" : "columns", scratch);
}

/** Bytes of scratch for an equilibration. */
export function equilibrateBytes(rows: number, cols: number, method: Equilibrate, sizes: BackendSizes): number {
  return method === "off" ? 0 : sizes.scaleLines(rows, cols);
}
