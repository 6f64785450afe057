import type { Backend, BackendSizes } from "../backend/backend.ts";
import type { Schedule } from "../wrappers/schedule.ts";
import { minusAdamDirection } from "./adam-direction.ts";
import { checkOptions, checkPeriod, type OptionChecks, oneOf, range, wholeAtLeast } from "./option-checks.ts";
import {
  checkSquare,
  countFact,
  type Facts,
  type Place,
  type RefreshTrace,
  type RulePlan,
  type StepInput,
  type Stepper,
  type StepTrace,
} from "./stepper.ts";
import { type DecaySettings, decayAlone } from "./steps/descend.ts";
import { type Geometry, geometryOf } from "./steps/geometry.ts";
import { leadingSubspace, lift, project } from "./steps/subspace.ts";

export interface GaloreOptions {
  readonly optimizer: "galore";
  readonly lr: number | Schedule;
  /** Dimension of the subspace, clamped to the shorter side. Default: a quarter of it. */
  readonly rank?: number;
  /** Steps between two subspaces. Default `{ every: 200 }`. */
  readonly refresh?: { readonly every: number };
  /** Which side of the gradient is compressed. Default `"short"`, the authors' choice. */
  readonly side?: "short" | "long" | "left" | "right";
  /** Factor of the update. Default 0.25. */
  readonly alpha?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  readonly oversampling?: number;
  readonly powerIterations?: number;
  /** Decoupled. Default 0. */
  readonly weightDecay?: number;
  /** Names the random numbers of the range finder. Default 0. */
  readonly seed?: number;
}

export type GaloreSettings = Required<Omit<GaloreOptions, "rank">> & { readonly rank: number | undefined };

const CHECKS: OptionChecks<GaloreOptions> = {
  rank: wholeAtLeast(1),
  refresh: checkPeriod,
  side: oneOf("short", "long", "left", "right"),
  alpha: range(0, Infinity, "()"),
  beta1: range(0, 1, "[)"),
  beta2: range(0, 1, "[)"),
  eps: range(0, Infinity, "()"),
  oversampling: wholeAtLeast(0),
  powerIterations: wholeAtLeast(0),
  weightDecay: range(0, Infinity, "[)"),
  seed: wholeAtLeast(0),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
export function galoreSettings(options: GaloreOptions): GaloreSettings {
  checkOptions("galore", options, CHECKS);
  return {
    rank: undefined,
    refresh: { every: 200 },
    side: "short",
    alpha: 0.25,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    oversampling: 8,
    powerIterations: 1,
    weightDecay: 0,
    seed: 0,
    ...options,
  };
}

/**
 * GaLore with Adam: both of Adam's moments in an r-dimensional subspace of the gradient, kept as they are when the subspace changes.
 * State: r (m + 2n) numbers.
 *
 * @see Zhao et al., GaLore, arXiv 2403.03507 (2024), algorithm 2. Deviates: a randomized SVD finds the subspace.
 */
export class Galore<T> implements Stepper<T> {
  step = 0;
  /** Garbage before the first gradient that is not zero. */
  readonly state: { readonly basis: T; readonly first: T; readonly second: T };
  private readonly backend: Backend<T, never>;
  private readonly settings: GaloreSettings;
  private readonly place: Place;
  private readonly geometry: Geometry;
  /** Steps taken in a subspace, and subspaces so far. */
  private tracked = 0;
  private refreshes = 0;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: GaloreSettings,
    place: Place,
    state: Readonly<Record<"basis" | "first" | "second", T>>,
  ) {
    this.backend = backend;
    this.settings = settings;
    this.place = place;
    this.geometry = geometryOf(rows, cols, settings);
    this.state = state;
  }

  update(input: StepInput<T>): StepTrace {
    const { weight, gradientNorm, lr, scratch } = input;
    checkSquare(gradientNorm);
    if (this.refreshes === 0 && gradientNorm === 0) {
      decayAlone(this.backend, weight, lr, decayOf(this.settings));
      this.step++;
      return { updateNorm: 0 };
    }
    const due = this.tracked >= this.refreshes * this.settings.refresh.every && gradientNorm > 0;
    return scratch.scope(() => this.follow(input, due ? this.refresh(input) : undefined));
  }

  private refresh({ gradient, scratch, watched }: StepInput<T>): RefreshTrace & { basis: T } {
    const { backend, geometry, settings, place, refreshes } = this;
    const basis = scratch.matrix(geometry.basisRows, geometry.rank);
    const key = [settings.seed, place.stream, refreshes] as const;
    const { spectrum } = leadingSubspace(backend, basis, gradient, undefined, key, geometry, settings, scratch);
    const seen = watched && spectrum ? { spectrum: spectrum.slice() } : {};
    return { basis, first: refreshes === 0, rank: geometry.rank, retention: 1, ...seen };
  }

  private follow(
    { weight, gradient, gradientNorm, lr, scratch }: StepInput<T>,
    found?: RefreshTrace & { basis: T },
  ): StepTrace {
    const { backend, geometry, settings, state } = this;
    const { momentRows, momentCols } = geometry;
    const basis = found?.basis ?? state.basis;
    const projected = scratch.matrix(momentRows, momentCols);
    project(backend, projected, basis, gradient, geometry);
    const captured = gradientNorm === 0 ? 1 : (backend.norm(projected) / gradientNorm) ** 2;

    const minusN = scratch.matrix(momentRows, momentCols);
    minusAdamDirection(backend, minusN, projected, state.first, state.second, settings, this.tracked + 1);
    const updateNorm = settings.alpha * backend.norm(minusN);
    lift(backend, weight, basis, minusN, geometry, { alpha: lr * settings.alpha, beta: 1 - lr * settings.weightDecay });

    if (found !== undefined) backend.axpby(state.basis, 1, found.basis, 0);
    this.refreshes += found === undefined ? 0 : 1;
    this.tracked++;
    this.step++;
    if (found === undefined) return { updateNorm, captured, capturedByChance: geometry.rank / geometry.basisRows };
    const { basis: _, ...refresh } = found;
    return { updateNorm, captured, capturedByChance: geometry.rank / geometry.basisRows, refresh };
  }

  stateShapes(facts: Facts): Record<string, readonly [number, number]> {
    for (const name of ["step", "tracked", "refreshes"]) countFact(facts, name);
    return stateOf(this.geometry);
  }

  facts(): Facts {
    return { step: this.step, tracked: this.tracked, refreshes: this.refreshes };
  }

  restore(facts: Facts): void {
    const [step, tracked, refreshes] = [
      countFact(facts, "step"),
      countFact(facts, "tracked"),
      countFact(facts, "refreshes"),
    ];
    this.step = step;
    this.tracked = tracked;
    this.refreshes = refreshes;
  }
}

const decayOf = ({ weightDecay }: GaloreSettings): DecaySettings => ({ weightDecay, cautious: false });

function stateOf({ basisRows, rank, momentRows, momentCols }: Geometry) {
  const moment = [momentRows, momentCols] as const;
  return { basis: [basisRows, rank] as const, first: moment, second: moment };
}

/** What GaLore takes for one weight. */
export function planGalore(rows: number, cols: number, settings: GaloreSettings, sizes: BackendSizes): RulePlan {
  const geometry = geometryOf(rows, cols, settings);
  const { basisRows, rank, momentRows, momentCols, side } = geometry;
  const [across, along] = side === "left" ? [rows, cols] : [cols, rows];
  const basis = sizes.matrix(basisRows, rank);
  const range = sizes.rangeFinder(across, along, rank, settings);
  return {
    state: stateOf(geometry),
    scratchBytes: basis + Math.max(range, 2 * sizes.matrix(momentRows, momentCols)),
    note: `rank ${rank}${settings.rank !== undefined && rank < settings.rank ? ` (clamped from ${settings.rank})` : ""}, projected from the ${side}`,
  };
}
