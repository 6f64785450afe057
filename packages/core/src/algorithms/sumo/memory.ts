import type { Backend, Scratch } from "../../backend/backend.ts";
import type { Facts } from "../facts.ts";
import type { RefreshTrace } from "../stepper.ts";
import { type GradientNorms, NO_GRADIENTS, normFacts, normsOf } from "../steps/agreement.ts";
import { type Geometry, withRank } from "../steps/geometry.ts";
import { Subspace } from "../steps/subspace.ts";
import type { SumoSettings } from "./options.ts";
import { stateShapes } from "./plan.ts";
import { factsOf, type ParamState, paramStateOf, rankFact } from "./state.ts";

/** A subspace and the moment in it; no moment before the first basis. */
export interface Tracking<T> {
  readonly subspace: Subspace<T>;
  readonly moment: T | undefined;
  /** Present if the basis is new. */
  readonly refresh?: RefreshTrace | undefined;
}

/** The state of SUMO for one weight: Q, M and the phase. Only `makeRoom`, `keep`, `wait` and `restore` change it. */
export class SumoMemory<T> {
  /** Q, m × r orthonormal, and M, r × n (n × r and m × r from the right), packed where the state has 8 bits. Undefined contents while cold. */
  matrices: Readonly<Record<"basis" | "moment", T>>;
  /** Geometry of `matrices`. */
  geometry: Geometry;
  phase: ParamState = { phase: "cold", step: 0 };
  /** Norms of the projected gradients, under `scale: "adam"`. */
  norms: GradientNorms = NO_GRADIENTS;
  private readonly backend: Backend<T, never>;
  private readonly settings: SumoSettings;
  private readonly largestRank: number;

  constructor(
    backend: Backend<T, never>,
    geometry: Geometry,
    settings: SumoSettings,
    matrices: Readonly<Record<string, T>>,
  ) {
    this.backend = backend;
    this.settings = settings;
    this.geometry = geometry;
    this.largestRank = geometry.rank;
    this.matrices = matrices as SumoMemory<T>["matrices"];
  }

  /** The norm that the growth limit compares with; 0 before the first update. */
  get lastNorm(): number {
    return this.phase.phase === "tracking" ? this.phase.lastNorm : 0;
  }

  /** The subspace and the moment, unpacked into scratch where the state has 8 bits. Read only. */
  load(scratch: Scratch<T>): Tracking<T> & { readonly moment: T } {
    const { backend, matrices, geometry } = this;
    const { stateBits } = this.settings;
    if (stateBits === 32) {
      return { subspace: new Subspace(backend, matrices.basis, geometry), moment: matrices.moment };
    }
    const basis = scratch.matrix(geometry.basisRows, geometry.rank);
    const moment = scratch.matrix(geometry.momentRows, geometry.momentCols);
    backend.unpack!(basis, matrices.basis, stateBits);
    backend.unpack!(moment, matrices.moment, stateBits);
    return { subspace: new Subspace(backend, basis, geometry), moment };
  }

  /** Counts a step with a zero gradient before the first basis. */
  wait(): void {
    this.phase = { phase: "cold", step: this.phase.step + 1 };
  }

  /**
   * Reallocates the matrices in the shapes that `keep` writes. Last operation of a step that may fail; the weight is written after it.
   *
   * @throws the errors of `allocate`, with the state unchanged.
   */
  makeRoom(geometry: Geometry): void {
    if (geometry.rank !== this.geometry.rank) this.resize(geometry);
  }

  /** Writes the state after a step. Call {@link makeRoom} first. */
  keep(
    { subspace, refresh }: Tracking<T>,
    moment: T,
    lastNorm: number,
    captured: number | undefined,
    norms: GradientNorms = NO_GRADIENTS,
  ): void {
    const { phase } = this;
    this.norms = norms;
    if (refresh !== undefined) this.store(this.matrices.basis, subspace.basis);
    this.store(this.matrices.moment, moment);
    const old = phase.phase === "tracking" ? phase : { refreshedAt: phase.step, refreshes: 0, captured: 1 };
    this.phase = {
      phase: "tracking",
      step: phase.step + 1,
      refreshedAt: refresh ? phase.step : old.refreshedAt,
      refreshes: old.refreshes + (refresh ? 1 : 0),
      lastNorm,
      captured: captured ?? old.captured,
      rank: subspace.geometry.rank,
    };
  }

  /** Shapes of `matrices` under given facts. @throws {TypeError} if a fact is missing or invalid. */
  shapes(facts: Facts): Readonly<Record<"basis" | "moment", readonly [number, number]>> {
    paramStateOf(facts);
    normsOf(facts);
    return stateShapes(this.geometryOf(facts), this.settings, this.backend.sizes);
  }

  facts(): Facts {
    return { ...factsOf(this.phase, this.geometry.rank), ...normFacts(this.norms) };
  }

  restore(facts: Facts): void {
    const [phase, norms] = [paramStateOf(facts), normsOf(facts)];
    this.makeRoom(this.geometryOf(facts));
    this.phase = phase;
    this.norms = norms;
  }

  private store(out: T, a: T): void {
    const { stateBits } = this.settings;
    if (stateBits === 32) this.backend.axpby(out, 1, a, 0);
    else this.backend.pack!(out, a, stateBits);
  }

  private geometryOf(facts: Facts): Geometry {
    return withRank(this.geometry, rankFact(facts, this.largestRank));
  }

  /** Frees the old matrices before it allocates, so that the planned memory suffices. */
  private resize(geometry: Geometry): void {
    const { backend, matrices } = this;
    const [basis, moment] = [backend.read(matrices.basis), backend.read(matrices.moment)];
    backend.dispose(matrices.basis);
    backend.dispose(matrices.moment);
    try {
      this.matrices = this.allocate(geometry);
      this.geometry = geometry;
    } catch (error) {
      this.matrices = this.allocate(this.geometry);
      backend.write(this.matrices.basis, basis);
      backend.write(this.matrices.moment, moment);
      throw error;
    }
  }

  /** Allocates the larger first, so that freed blocks fit both. */
  private allocate(geometry: Geometry): Record<"basis" | "moment", T> {
    const { backend, settings } = this;
    const { basis, moment } = stateShapes(geometry, settings, backend.sizes);
    const basisIsLarger = basis[0] * basis[1] > moment[0] * moment[1];
    const larger = backend.allocate(...(basisIsLarger ? basis : moment));
    try {
      const smaller = backend.allocate(...(basisIsLarger ? moment : basis));
      return basisIsLarger ? { basis: larger, moment: smaller } : { basis: smaller, moment: larger };
    } catch (error) {
      backend.dispose(larger);
      throw error;
    }
  }
}
