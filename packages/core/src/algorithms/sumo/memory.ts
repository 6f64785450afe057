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
  /**
   * Q, m × r orthonormal, and M, r × n (n × r and m × r from the right), packed where the state has 8 bits. Undefined contents while cold.
   * A rank that only follows lacks M, or both.
   */
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
    const names = Object.keys(matrices) as (keyof typeof matrices)[];
    const contents = names.map((name) => backend.read(matrices[name]));
    for (const name of names) backend.dispose(matrices[name]);
    try {
      this.matrices = this.allocate(names, geometry);
      this.geometry = geometry;
    } catch (error) {
      this.matrices = this.allocate(names, this.geometry);
      for (const [i, name] of names.entries()) backend.write(this.matrices[name], contents[i]!);
      throw error;
    }
  }

  /** Allocates the larger first, so that freed blocks fit both. */
  private allocate(names: readonly ("basis" | "moment")[], geometry: Geometry): SumoMemory<T>["matrices"] {
    const { backend, settings } = this;
    const shapes = stateShapes(geometry, settings, backend.sizes);
    const sizeOf = (name: "basis" | "moment"): number => shapes[name][0] * shapes[name][1];
    const allocated: Partial<Record<"basis" | "moment", T>> = {};
    try {
      for (const name of [...names].sort((a, b) => sizeOf(b) - sizeOf(a))) {
        allocated[name] = backend.allocate(...shapes[name]);
      }
    } catch (error) {
      for (const matrix of Object.values(allocated)) backend.dispose(matrix);
      throw error;
    }
    return allocated as SumoMemory<T>["matrices"];
  }
}
