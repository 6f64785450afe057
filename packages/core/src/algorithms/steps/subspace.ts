import type { Backend, RangeInfo, Scratch } from "../../backend/backend.ts";
import type { SumoSettings } from "../sumo/options.ts";
import type { Geometry } from "./geometry.ts";

/** Algorithm 1, step 1: `out` ← an orthonormal basis of the gradient's leading singular directions, from `start` or from random numbers. */
export function leadingSubspace<T>(
  backend: Backend<T, never>,
  out: T,
  gradient: T,
  start: T | undefined,
  key: readonly [seed: number, stream: number, counter: number],
  { side }: Pick<Geometry, "side">,
  { oversampling, powerIterations }: Pick<SumoSettings, "oversampling" | "powerIterations">,
  scratch: Scratch<T>,
): RangeInfo {
  const settings = { transpose: side === "right", key, oversampling, powerIterations };
  return backend.rangeFinder(out, gradient, scratch, start === undefined ? settings : { ...settings, start });
}

/** The smallest rank whose subspace holds the wanted energy; all of `largest` where the rank is fixed or the spectrum unknown. */
export function chosenRank(
  rank: SumoSettings["rank"],
  largest: number,
  spectrum: Float64Array | undefined,
  gradientNorm: number,
): number {
  if (typeof rank !== "object" || spectrum === undefined) return largest;
  const wanted = rank.energy * gradientNorm ** 2;
  let held = 0;
  let needed = 0;
  while (needed < largest && held < wanted) held += spectrum[needed++]! ** 2;
  return Math.max(Math.min(rank.min ?? 1, largest), needed);
}

/** The first `rank` columns of a basis of `columns`, as a product with the leading columns of the identity. */
export function leadingColumns<T>(
  backend: Backend<T, never>,
  basis: T,
  basisRows: number,
  columns: number,
  rank: number,
  scratch: Scratch<T>,
): T {
  const selection = new Float32Array(columns * rank);
  for (let j = 0; j < rank; j++) selection[j * rank + j] = 1;
  const selector = scratch.matrix(columns, rank);
  backend.write(selector, selection);
  const out = scratch.matrix(basisRows, rank);
  backend.matmul(out, basis, selector);
  return out;
}

/** Algorithm 1, step 2: `out` ← Ĝ = Qᵀ G, or G Q from the right, plus beta `out`. */
export function project<T>(
  backend: Backend<T, never>,
  out: T,
  basis: T,
  gradient: T,
  { side }: Pick<Geometry, "side">,
  beta = 0,
): void {
  if (side === "left") backend.matmul(out, basis, gradient, { transposeA: true, beta });
  else backend.matmul(out, gradient, basis, { beta });
}

/** Algorithm 1, step 5: `out` ← alpha Q X + beta `out`, or alpha X Qᵀ + beta `out` from the right. */
export function lift<T>(
  backend: Backend<T, never>,
  out: T,
  basis: T,
  x: T,
  { side }: Pick<Geometry, "side">,
  { alpha = 1, beta = 0 }: { readonly alpha?: number; readonly beta?: number } = {},
): void {
  if (side === "left") backend.matmul(out, basis, x, { alpha, beta });
  else backend.matmul(out, x, basis, { transposeB: true, alpha, beta });
}
