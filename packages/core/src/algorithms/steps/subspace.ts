import type { Backend, RangeInfo, Scratch } from "../../backend/backend.ts";
import type { Geometry, Rank } from "./geometry.ts";

/** Options of the randomized range finder for a new basis. */
export interface Sketch {
  /** Columns of the sketch beyond the rank. */
  readonly oversampling: number;
  /** Products with G Gᵀ, each of which sharpens the decay of the spectrum. */
  readonly powerIterations: number;
}

/** An r-dimensional subspace, given by an orthonormal basis Q, for projections of one side of the gradient. */
export class Subspace<T> {
  /** Q, m × r from the left, n × r from the right. */
  readonly basis: T;
  readonly geometry: Geometry;
  private readonly backend: Backend<T, never>;

  constructor(backend: Backend<T, never>, basis: T, geometry: Geometry) {
    this.backend = backend;
    this.basis = basis;
    this.geometry = geometry;
  }

  /** Takes a scratch matrix of the shape of Ĝ, M and O, with undefined contents. */
  momentIn(scratch: Scratch<T>): T {
    return scratch.matrix(this.geometry.momentRows, this.geometry.momentCols);
  }

  /** Algorithm 1, step 2: `out` ← Ĝ = Qᵀ G, or G Q from the right, plus beta `out`. */
  project(out: T, gradient: T): void {
    if (this.geometry.side === "left") this.backend.matmul(out, this.basis, gradient, { transposeA: true });
    else this.backend.matmul(out, gradient, this.basis);
  }

  /** Algorithm 1, step 5: `out` ← alpha Q X + beta `out`, or alpha X Qᵀ + beta `out` from the right. */
  lift(out: T, x: T, { alpha = 1, beta = 0 }: { readonly alpha?: number; readonly beta?: number } = {}): void {
    if (this.geometry.side === "left") this.backend.matmul(out, this.basis, x, { alpha, beta });
    else this.backend.matmul(out, x, this.basis, { transposeB: true, alpha, beta });
  }

  /**
   * Algorithm 1, step 1.1: `out` ← the moment of `old` in this basis, R M with R = Qᵀ Q_old (M Rᵀ from the right).
   *
   * @param change - Overwritten with R, rank × old rank.
   * @returns ‖R M‖ / ‖M‖, the share of the moment that this subspace keeps.
   */
  carry(out: T, moment: T, old: Subspace<T>, change: T): number {
    const { backend, basis, geometry } = this;
    backend.matmul(change, basis, old.basis, { transposeA: true });
    if (geometry.side === "left") backend.matmul(out, change, moment);
    else backend.matmul(out, moment, change, { transposeB: true });
    const before = backend.norm(moment);
    return before === 0 ? 1 : backend.norm(out) / before;
  }
}

/** Algorithm 1, step 1: `out` ← an orthonormal basis of the gradient's leading singular directions, from `start` or from random numbers. */
export function leadingSubspace<T>(
  backend: Backend<T, never>,
  out: T,
  gradient: T,
  start: T | undefined,
  key: readonly [seed: number, stream: number, counter: number],
  { side }: Pick<Geometry, "side">,
  { oversampling, powerIterations }: Sketch,
  scratch: Scratch<T>,
): RangeInfo {
  const settings = { transpose: side === "right", key, oversampling, powerIterations };
  return backend.rangeFinder(out, gradient, scratch, start === undefined ? settings : { ...settings, start });
}

/** Chooses the smallest rank whose subspace holds the wanted energy, or `largest` if the rank is fixed or the spectrum unknown. */
export function chosenRank(
  rank: Rank,
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
