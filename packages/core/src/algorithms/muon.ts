import type { Backend } from "../backend/backend.ts";
import type { LearningRate } from "../wrappers/schedule.ts";
import type { Algorithm } from "./algorithm.ts";
import type { Facts } from "./facts.ts";
import { FullMoment, fullMomentShapes, unpackedBytes } from "./full-moment.ts";
import { checkOptions, namesOf, type OptionChecks, oneOf, range } from "./option-checks.ts";
import type { Place, StepInput, StepTrace } from "./stepper.ts";
import { agreement, type GradientNorms, NO_GRADIENTS, normFacts, normsOf, withGradient } from "./steps/agreement.ts";
import { descend } from "./steps/descend.ts";
import { EQUILIBRATIONS, type Equilibrate, equilibrate, equilibrateBytes } from "./steps/equilibrate.ts";
import { finiteUpdate } from "./steps/finite.ts";
import { checkOrthogonalize, type Orthogonalize, orthogonalize, orthogonalizeBytes } from "./steps/orthogonalize.ts";
import type { StateBits } from "./steps/packed.ts";
import { SCALES, type Scale, updateScale } from "./steps/scale.ts";
import { inspect } from "./steps/telemetry.ts";

/** Muon (Jordan et al. 2024): the polar factor of the whole moment, by Newton–Schulz iterations. */
export interface MuonOptions {
  readonly optimizer: "muon";
  readonly lr: LearningRate;
  /** Default 0.95. With 0 Muon is stateless, a control for comparisons of memory. */
  readonly momentum?: number;
  /** Default true. */
  readonly nesterov?: boolean;
  /** Default `"muon"`: five Newton–Schulz iterations with Jordan's coefficients. */
  readonly orthogonalize?: Orthogonalize;
  /** Bring the rows of the moment to equal length before it is orthogonalized: MuonEq. Default `"off"`. */
  readonly equilibrate?: Equilibrate;
  /** See SUMO's `scale`. Default `"rms"`: 0.2 √max(m, n). */
  readonly scale?: Scale;
  /** Factor of `scale: "paper"`. Default 1. */
  readonly alpha?: number;
  /** Decoupled. Default 0. */
  readonly weightDecay?: number;
  /** Decay only weights that the update shrinks too. Default false. */
  readonly cautious?: boolean;
  /**
   * Bits of a number in the moment, with a scale for each block of 64. 8 and 4 need a backend that packs, and scratch for a
   * moment. Default 32.
   */
  readonly stateBits?: StateBits;
}

type MuonSettings = Required<MuonOptions>;

const CHECKS: OptionChecks<MuonOptions> = {
  momentum: range(0, 1, "[)"),
  nesterov: oneOf(true, false),
  orthogonalize: checkOrthogonalize,
  equilibrate: oneOf(...EQUILIBRATIONS),
  scale: oneOf(...SCALES),
  alpha: range(0, Infinity, "()"),
  weightDecay: range(0, Infinity, "[)"),
  cautious: oneOf(true, false),
  stateBits: oneOf(32, 8, 4),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
function muonSettings(options: MuonOptions): MuonSettings {
  checkOptions("muon", options, CHECKS);
  const defaults = { momentum: 0.95, nesterov: true, orthogonalize: "muon", scale: "rms", alpha: 1 } as const;
  return { ...defaults, equilibrate: "off", stateBits: 32, weightDecay: 0, cautious: false, ...options };
}

/**
 * Muon: momentum of full size, orthogonalized. State: mn numbers, of 32 bits or fewer; none without momentum.
 *
 * @see Jordan et al., Muon (2024), and Liu et al., Moonlight, arXiv 2502.16982 (2025), §2.2, for the scale.
 */
class Muon<T> extends FullMoment<T> {
  private readonly settings: MuonSettings;
  private readonly place: Place;
  /** Norms of the gradients, under `scale: "adam"`. */
  private norms: GradientNorms = NO_GRADIENTS;

  constructor(
    backend: Backend<T, never>,
    rows: number,
    cols: number,
    settings: MuonSettings,
    place: Place,
    state: Readonly<Record<string, T>>,
  ) {
    super(backend, [rows, cols], settings, state);
    this.settings = settings;
    this.place = place;
  }

  update({ weight, gradient, lr, scratch, watched }: StepInput<T>): StepTrace {
    const { backend, settings, place } = this;
    const [rows, cols] = this.shape;
    return scratch.scope(() => {
      const direction = scratch.matrix(rows, cols);
      const moment = this.load(scratch);
      this.direct(direction, moment, gradient.matrix);
      const norms = settings.scale === "adam" ? withGradient(this.norms, gradient.norm()) : NO_GRADIENTS;
      const unit = settings.scale === "adam" ? agreement(norms, backend.norm(direction), settings) : 1;
      equilibrate(backend, direction, settings.equilibrate, place.layout, scratch);
      const info = orthogonalize(backend, direction, rows, cols, settings.orthogonalize, scratch);
      const seen = watched ? inspect(backend, info, direction, rows, cols, scratch) : {};
      const scale = unit * updateScale(settings, rows, cols, Math.min(rows, cols), place.layout);
      backend.axpby(direction, scale, direction, 0);
      const updateNorm = finiteUpdate(backend.norm(direction));
      gradient.norm();
      descend(backend, weight, { kind: "whole", matrix: direction }, lr, settings);
      this.keep(moment, gradient.matrix);
      this.norms = norms;
      return { updateNorm, orthogonalized: true, ...seen };
    });
  }

  override stateShapes(facts: Facts): Record<string, readonly [number, number]> {
    normsOf(facts);
    return super.stateShapes(facts);
  }

  override facts(): Facts {
    return { ...super.facts(), ...normFacts(this.norms) };
  }

  override restore(facts: Facts): void {
    super.restore(facts);
    this.norms = normsOf(facts);
  }
}

export const muon: Algorithm<MuonOptions, MuonSettings> = {
  title: "Muon",
  summary: "momentum of full size, orthogonalized; mn numbers, none without momentum (Jordan et al. 2024)",
  needsMatrix: true,
  learningRate: 1e-2,
  fineTuningRate: 1e-4,
  options: namesOf(CHECKS),
  settings: muonSettings,
  plan(rows, cols, settings, sizes) {
    const { orthogonalize, equilibrate, stateBits } = settings;
    const matrices = sizes.matrix(rows, cols) + unpackedBytes(rows, cols, settings, sizes);
    const routines = orthogonalizeBytes(rows, cols, orthogonalize, sizes);
    return {
      state: fullMomentShapes(rows, cols, settings, sizes),
      scratchBytes: matrices + Math.max(routines, equilibrateBytes(rows, cols, equilibrate, sizes)),
      ...(stateBits < 32 && { note: `${stateBits}-bit state` }),
    };
  },
  create(backend, rows, cols, settings, place, state) {
    return new Muon(backend, rows, cols, settings, place, state);
  },
};
