import type { Backend } from "./backend.ts";
import { type Geometry, withRank } from "./geometry.ts";
import type { Facts, RefreshTrace } from "./rule.ts";
import { factsOf, type ParamState, paramStateOf, rankFact } from "./sumo-state.ts";

/** Where a step works: a basis, and the moment that goes with it, none before the first. */
export interface Subspace<T> {
  readonly basis: T;
  readonly moment: T | undefined;
  readonly geometry: Geometry;
  /** Present if the basis is new. */
  readonly refresh?: RefreshTrace | undefined;
}

/** What SUMO remembers of one weight between two steps. Only `keep`, `wait` and `restore` change it. */
export class SumoMemory<T> {
  /** Q, m × r orthonormal, and M, r × n (n × r and m × r from the right). Garbage while cold. */
  matrices: { readonly basis: T; readonly moment: T };
  /** Of `matrices`. */
  geometry: Geometry;
  phase: ParamState = { phase: "cold", step: 0 };
  private readonly backend: Backend<T, never>;
  private readonly largestRank: number;

  constructor(backend: Backend<T, never>, geometry: Geometry, matrices: { readonly basis: T; readonly moment: T }) {
    this.backend = backend;
    this.geometry = geometry;
    this.largestRank = geometry.rank;
    this.matrices = matrices;
  }

  /** Where a step without a refresh works. */
  get subspace(): Subspace<T> {
    return { ...this.matrices, geometry: this.geometry };
  }

  /** Counts a step that learned nothing. */
  wait(): void {
    this.phase = { phase: "cold", step: this.phase.step + 1 };
  }

  /** The state after a step: the subspace that it worked in, with the moment that it made. */
  keep({ basis, geometry, refresh }: Subspace<T>, moment: T, lastNorm: number, captured: number | undefined): void {
    const { backend, phase } = this;
    if (geometry.rank !== this.geometry.rank) this.resize(geometry);
    if (refresh !== undefined) backend.axpby(this.matrices.basis, 1, basis, 0);
    backend.axpby(this.matrices.moment, 1, moment, 0);
    const old = phase.phase === "tracking" ? phase : { refreshedAt: phase.step, refreshes: 0, captured: 1 };
    this.phase = {
      phase: "tracking",
      step: phase.step + 1,
      refreshedAt: refresh ? phase.step : old.refreshedAt,
      refreshes: old.refreshes + (refresh ? 1 : 0),
      lastNorm,
      captured: captured ?? old.captured,
      rank: geometry.rank,
    };
  }

  /** The shapes of `matrices` under such facts. @throws {TypeError} if a fact is missing or impossible. */
  shapes(facts: Facts): { basis: readonly [number, number]; moment: readonly [number, number] } {
    paramStateOf(facts);
    const { basisRows, rank, momentRows, momentCols } = this.geometryOf(facts);
    return { basis: [basisRows, rank], moment: [momentRows, momentCols] };
  }

  facts(): Facts {
    return factsOf(this.phase, this.geometry.rank);
  }

  restore(facts: Facts): void {
    const phase = paramStateOf(facts);
    const geometry = this.geometryOf(facts);
    if (geometry.rank !== this.geometry.rank) this.resize(geometry);
    this.phase = phase;
  }

  private geometryOf(facts: Facts): Geometry {
    return withRank(this.geometry, rankFact(facts, this.largestRank));
  }

  private resize(geometry: Geometry): void {
    const { backend, matrices } = this;
    const { basisRows, rank, momentRows, momentCols } = geometry;
    backend.dispose(matrices.basis);
    backend.dispose(matrices.moment);
    this.matrices = { basis: backend.allocate(basisRows, rank), moment: backend.allocate(momentRows, momentCols) };
    this.geometry = geometry;
  }
}
