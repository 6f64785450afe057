import type { Backend, PolarInfo, Scratch } from "../../backend/backend.ts";
import type { StepTrace } from "../stepper.ts";

/** Condition number: the largest by the smallest non-zero singular value. */
export function conditionOf(spectrum: Float64Array): number {
  let smallest = 0;
  for (const s of spectrum) if (s > 0) smallest = s;
  return smallest === 0 ? 1 : spectrum[0]! / smallest;
}

/** Stable rank, ‖A‖² / ‖A‖₂². */
export function stableRankOf(spectrum: Float64Array): number {
  const largest = spectrum[0] ?? 0;
  if (largest === 0) return 0;
  let sum = 0;
  for (const s of spectrum) sum += (s / largest) ** 2;
  return sum;
}

/**
 * Principal angles between two subspaces in radians, ascending: the arc cosines of the singular values of Q_newᵀ Q_old.
 * `undefined` where the backend does not report spectra. Overwrites `change`. Costs a polar factor of r × r.
 * A cosine is known to float32 rounding, so that angles below 5e-4 are noise.
 */
export function principalAngles<T>(
  backend: Backend<T, never>,
  change: T,
  scratch: Scratch<T>,
): Float64Array | undefined {
  const { spectrum } = backend.polar(change, change, scratch, { tolerance: 0 });
  return spectrum?.map((cosine) => Math.acos(Math.min(1, cosine)));
}

/** Measures an orthogonalization for listeners; `o` is its result. */
export function inspect<T>(
  backend: Backend<T, never>,
  { spectrum, rank }: PolarInfo,
  o: T,
  rows: number,
  cols: number,
  scratch: Scratch<T>,
): Pick<StepTrace, "spectrum" | "orthogonality"> {
  // The next line overwrites the scratch that holds the spectrum.
  const kept = spectrum && { spectrum: spectrum.slice() };
  return { ...kept, orthogonality: orthogonalityResidual(backend, o, rows, cols, rank, scratch) };
}

/**
 * Computes ‖O Oᵀ O − O‖ / √rank: zero for partial isometries of every rank, unlike ‖O Oᵀ − I‖, with which it agrees at full rank to first order.
 * Computed as ‖(O Oᵀ)² − O Oᵀ‖, which agrees for singular values near 0 and 1. Costs a product of the size of O and one of its Gram matrix.
 *
 * @param rank - Number of directions; by default the shorter side.
 */
function orthogonalityResidual<T>(
  backend: Backend<T, never>,
  o: T,
  rows: number,
  cols: number,
  rank: number | undefined,
  scratch: Scratch<T>,
): number {
  if (rank === 0) return 0;
  return scratch.scope(() => {
    const small = Math.min(rows, cols);
    const gram = scratch.matrix(small, small);
    const square = scratch.matrix(small, small);
    backend.matmul(gram, o, o, rows <= cols ? { transposeB: true } : { transposeA: true });
    backend.matmul(square, gram, gram);
    backend.axpby(square, -1, gram, 1);
    return backend.norm(square) / Math.sqrt(rank ?? small);
  });
}
