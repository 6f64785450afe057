import type { Backend } from "../backend/backend.ts";
import type { LearningRate } from "../wrappers/schedule.ts";
import { minusAdamDirection } from "./adam-direction.ts";
import type { Algorithm } from "./algorithm.ts";
import { countFact, type Facts } from "./facts.ts";
import {
  checkOptions,
  checkPeriod,
  namesOf,
  nested,
  type OptionChecks,
  oneOf,
  range,
  wholeAtLeast,
} from "./option-checks.ts";
import type { Place, RefreshTrace, StepInput, Stepper, StepTrace } from "./stepper.ts";
import { type DecaySettings, decayAlone } from "./steps/descend.ts";
import { checkSquare } from "./steps/finite.ts";
import { type Geometry, geometryOf, type Side } from "./steps/geometry.ts";
import { leadingSubspace, type Sketch, Subspace } from "./steps/subspace.ts";

/** GaLore (arXiv 2403.03507): Adam on the gradient's coordinates in a subspace. */
export interface GaloreOptions {
  readonly optimizer: "galore";
  readonly lr: LearningRate;
  /** Dimension of the subspace, clamped to the shorter side. Default: a quarter of it. */
  readonly rank?: number;
  /** Steps between two subspaces. Default `{ every: 200 }`. */
  readonly refresh?: { readonly every: number };
  /** Default `"short"`, the authors' `std`; a square matrix is then projected from the right. `"long"` is their `reverse_std`. */
  readonly side?: Side;
  /** Factor of the update. Default 0.25. */
  readonly alpha?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  /** Range finder of a new basis. Default `{ oversampling: 8, powerIterations: 1 }`. */
  readonly sketch?: Partial<Sketch>;
  /** Decoupled. Default 0. */
  readonly weightDecay?: number;
  /** Seed of the random numbers of the range finder. Default 0. */
  readonly seed?: number;
}

type GaloreSettings = Required<Omit<GaloreOptions, "rank" | "sketch">> & {
  readonly rank: number | undefined;
  readonly sketch: Sketch;
};

const CHECKS: OptionChecks<GaloreOptions> = {
  rank: wholeAtLeast(1),
  refresh: checkPeriod,
  side: oneOf("short", "long", "left", "right"),
  alpha: range(0, Infinity, "()"),
  beta1: range(0, 1, "[)"),
  beta2: range(0, 1, "[)"),
  eps: range(0, Infinity, "()"),
  sketch: nested({ oversampling: wholeAtLeast(0), powerIterations: wholeAtLeast(0) }),
  weightDecay: range(0, Infinity, "[)"),
  seed: wholeAtLeast(0),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
function galoreSettings(options: GaloreOptions): GaloreSettings {
  checkOptions("galore", options, CHECKS);
  const { sketch, ...rest } = options;
  return {
    rank: undefined,
    refresh: { every: 200 },
    side: "short",
    alpha: 0.25,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    seed: 0,
    ...rest,
    sketch: { oversampling: 8, powerIterations: 1, ...sketch },
  };
}

/**
 * GaLore with Adam: both of Adam's moments in an r-dimensional subspace of the gradient, unchanged when the subspace changes.
 * State: r (m + 2n) numbers.
 *
 * @see Zhao et al., GaLore, arXiv 2403.03507 (2024), algorithm 2. Deviates: a randomized SVD finds the subspace. Unlike in the authors'
 * `galore_torch`, eps is added to the corrected root of the second moment, and the weight decays before the update, both as in AdamW.
 */
class Galore<T> implements Stepper<T> {
  step = 0;
  /** Undefined contents before the first non-zero gradient. */
  readonly state: { readonly basis: T; readonly first: T; readonly second: T };
  private readonly backend: Backend<T, never>;
  private readonly settings: GaloreSettings;
  private readonly place: Place;
  private readonly geometry: Geometry;
  /** Steps taken in a subspace, and subspaces computed. */
  private tracked = 0;
  private refreshes = 0;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: GaloreSettings,
    place: Place,
    state: Readonly<Record<string, T>>,
  ) {
    this.backend = backend;
    this.settings = settings;
    this.place = place;
    this.geometry = galoreGeometry(rows, cols, settings);
    this.state = state as Galore<T>["state"];
  }

  update(input: StepInput<T>): StepTrace {
    const { weight, gradient, lr, scratch } = input;
    checkSquare(gradient.norm());
    if (this.refreshes === 0 && gradient.norm() === 0) {
      decayAlone(this.backend, weight, lr, decayOf(this.settings));
      this.step++;
      return { updateNorm: 0 };
    }
    const due = this.tracked >= this.refreshes * this.settings.refresh.every && gradient.norm() > 0;
    return scratch.scope(() => this.follow(input, due ? this.refresh(input) : undefined));
  }

  private refresh({ gradient, scratch, watched }: StepInput<T>): RefreshTrace & { basis: T } {
    const { backend, geometry, settings, place, refreshes } = this;
    const basis = scratch.matrix(geometry.basisRows, geometry.rank);
    const key = [settings.seed, place.stream, refreshes] as const;
    const { spectrum } = leadingSubspace(
      backend,
      basis,
      gradient.matrix,
      undefined,
      key,
      geometry,
      settings.sketch,
      scratch,
    );
    const seen = watched && spectrum ? { spectrum: spectrum.slice() } : {};
    return { basis, first: refreshes === 0, rank: geometry.rank, retention: 1, ...seen };
  }

  private follow({ weight, gradient, lr, scratch }: StepInput<T>, found?: RefreshTrace & { basis: T }): StepTrace {
    const { backend, geometry, settings, state } = this;
    const subspace = new Subspace(backend, found?.basis ?? state.basis, geometry);
    const projected = subspace.momentIn(scratch);
    subspace.project(projected, gradient.matrix);
    const captured = gradient.norm() === 0 ? 1 : (backend.norm(projected) / gradient.norm()) ** 2;

    const minusN = subspace.momentIn(scratch);
    minusAdamDirection(backend, minusN, projected, state.first, state.second, settings, this.tracked + 1);
    const updateNorm = settings.alpha * backend.norm(minusN);
    subspace.lift(weight, minusN, { alpha: lr * settings.alpha, beta: 1 - lr * settings.weightDecay });

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

/** The authors project a square matrix from the right (`galore_projector.py`). */
const galoreGeometry = (rows: number, cols: number, settings: GaloreSettings): Geometry =>
  geometryOf(rows, cols, settings, "right");

export const galore: Algorithm<GaloreOptions, GaloreSettings> = {
  title: "GaLore",
  summary: "Adam's two moments in a subspace of the gradient; r (m + 2n) numbers (arXiv 2403.03507)",
  needsMatrix: true,
  learningRate: 5e-3,
  fineTuningRate: 2.5e-4,
  options: namesOf(CHECKS),
  settings: galoreSettings,
  plan(rows, cols, settings, sizes) {
    const geometry = galoreGeometry(rows, cols, settings);
    const { basisRows, rank, momentRows, momentCols, side } = geometry;
    const [across, along] = side === "left" ? [rows, cols] : [cols, rows];
    const basis = sizes.matrix(basisRows, rank);
    const range = sizes.rangeFinder(across, along, rank, settings.sketch);
    const clamped = settings.rank !== undefined && rank < settings.rank ? ` (clamped from ${settings.rank})` : "";
    return {
      state: stateOf(geometry),
      scratchBytes: basis + Math.max(range, 2 * sizes.matrix(momentRows, momentCols)),
      note: `rank ${rank}${clamped}, projected from the ${side}`,
    };
  },
  create(backend, rows, cols, settings, place, state) {
    return new Galore(backend, rows, cols, settings, place, state);
  },
};
