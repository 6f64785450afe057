import { OptimizerOptionError } from "../../errors.ts";
import type { LearningRate } from "../../wrappers/schedule.ts";
import { checkOptions, namesOf, nested, type OptionChecks, oneOf, range, wholeAtLeast } from "../option-checks.ts";
import { EQUILIBRATIONS, type Equilibrate } from "../steps/equilibrate.ts";
import type { AdaptiveRank, Rank, Side } from "../steps/geometry.ts";
import { checkOrthogonalize, type Orthogonalize } from "../steps/orthogonalize.ts";
import { SCALES, type Scale } from "../steps/scale.ts";
import type { Sketch } from "../steps/subspace.ts";
import { checkResidual, isJoint, type Residual } from "./residual/options.ts";

/** Schedule of refreshes, which compute a new subspace: periodic, or when it captures too little of the gradient's energy. */
export type RefreshOptions =
  | {
      /** Steps between two refreshes. */
      readonly every: number;
      /** Spread the refreshes of different parameters over the period, so that no step stalls. Default true. */
      readonly stagger?: boolean;
    }
  | {
      /** Refresh when ‖Qᵀ G‖² / ‖G‖² fell below this fraction at the last step. */
      readonly captureBelow: number;
      /** Fewest steps between two refreshes. Default 10. */
      readonly minGap?: number;
      /** Most steps between two refreshes. Default 1000. */
      readonly maxGap?: number;
    };

/** Range finder of a new basis. */
export interface SketchOptions {
  /**
   * A new randomized SVD (`cold`), or one power iteration from the old basis (`warm`), unless that captures no more of the gradient than a
   * random one would: a power iteration cannot find directions that are orthogonal to its start. Default `"warm"`.
   */
  readonly start?: "cold" | "warm";
  /** Columns of a cold start's sketch beyond the rank. Default 8. */
  readonly oversampling?: number;
  /** Products with G Gᵀ in a cold start. Default 1. */
  readonly powerIterations?: number;
}

/** SUMO (arXiv 2505.24749, Algorithm 1): the exact polar factor of a moment in a subspace of the gradient. */
export interface SumoOptions {
  readonly optimizer: "sumo";
  /** `paper`: Algorithm 1 of arXiv 2505.24749v2, unchanged. `default`: the best in this repository's measurements. Other options override either. */
  readonly preset?: "default" | "paper";
  readonly lr: LearningRate;
  /** Dimension of the subspace, clamped to the shorter side; or chosen at every refresh. Default: a quarter of the shorter side. */
  readonly rank?: number | AdaptiveRank;
  readonly momentum?: number;
  /** Orthogonalize μ M + Ĝ instead of M. */
  readonly nesterov?: boolean;
  readonly residual?: Residual;
  readonly scale?: Scale;
  /** Factor of `scale: "paper"`. Default 1. */
  readonly alpha?: number;
  readonly side?: Side;
  readonly refresh?: RefreshOptions;
  /** Range finder of a new basis. */
  readonly sketch?: SketchOptions;
  readonly orthogonalize?: Orthogonalize;
  /** Bring the rows to equal length before the whole matrix is orthogonalized, as MuonEq does; only with `residual: "joint"`. Default `"off"`. */
  readonly equilibrate?: Equilibrate;
  /** Largest ratio of an update's norm to the previous one's; `"off"` for none. */
  readonly growthLimit?: number | "off";
  /** Decoupled: W ← (1 − lr · weightDecay) W before the update. */
  readonly weightDecay?: number;
  /** Decay only weights that the update shrinks too (Chen et al. 2025, arXiv 2510.12402). */
  readonly cautious?: boolean;
  /** Bits a number in the state. 8 bits, with a scale for each block of 64, need a backend that packs, and scratch for a basis and a moment. */
  readonly stateBits?: 32 | 8;
  /** Seed of the random numbers of the range finder. */
  readonly seed?: number;
}

/** {@link SumoOptions} with every default filled in. Plain JSON but for `lr`. */
export type SumoSettings = Required<Omit<SumoOptions, "rank" | "preset" | "refresh" | "sketch">> & {
  readonly rank: Rank;
  readonly refresh: RefreshSettings;
  readonly sketch: SketchSettings;
  /** Operand of the growth limit: the whole update, or O alone, as Algorithm 1 writes it, where it acts only when the rank of M grows. */
  readonly growthLimitOn: "update" | "orthogonal";
};

type SketchSettings = Sketch & { readonly start: "cold" | "warm" };

export type RefreshSettings =
  | { readonly every: number; readonly stagger: boolean }
  | { readonly captureBelow: number; readonly minGap: number; readonly maxGap: number };

const DEFAULTS: Omit<SumoSettings, "lr" | "optimizer"> = {
  rank: undefined,
  momentum: 0.9,
  nesterov: true,
  residual: "fira",
  scale: "rms",
  alpha: 1,
  side: "short",
  refresh: { every: 200, stagger: true },
  sketch: { start: "warm", oversampling: 8, powerIterations: 1 },
  orthogonalize: "exact",
  equilibrate: "off",
  growthLimit: 1.1,
  growthLimitOn: "update",
  weightDecay: 0,
  cautious: false,
  stateBits: 32,
  seed: 0,
};

const PAPER: Partial<SumoSettings> = {
  momentum: 0.95,
  nesterov: false,
  residual: "raw",
  scale: "paper",
  side: "long",
  refresh: { every: 200, stagger: false },
  sketch: { start: "cold", oversampling: 8, powerIterations: 1 },
  growthLimitOn: "orthogonal",
};

const CHECKS: OptionChecks<SumoOptions> = {
  preset: oneOf("default", "paper"),
  rank: checkRank,
  momentum: range(0, 1, "[)"),
  nesterov: oneOf(true, false),
  residual: checkResidual,
  scale: oneOf(...SCALES),
  alpha: range(0, Infinity, "()"),
  side: oneOf("short", "long", "left", "right"),
  refresh: checkRefresh,
  sketch: nested({
    start: oneOf("cold", "warm"),
    oversampling: wholeAtLeast(0),
    powerIterations: wholeAtLeast(0),
  }),
  orthogonalize: checkOrthogonalize,
  equilibrate: oneOf(...EQUILIBRATIONS),
  growthLimit: (value) =>
    value === "off" || (typeof value === "number" && value >= 1) ? undefined : 'a ratio >= 1 or "off"',
  weightDecay: range(0, Infinity, "[)"),
  cautious: oneOf(true, false),
  stateBits: oneOf(32, 8),
  seed: wholeAtLeast(0),
};

export const SUMO_OPTION_NAMES: readonly string[] = namesOf(CHECKS);

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
export function sumoSettings(options: SumoOptions): SumoSettings {
  checkOptions("sumo", options, CHECKS);
  const { preset = "default", refresh, sketch, ...rest } = options;
  const base = preset === "paper" ? { ...DEFAULTS, ...PAPER } : DEFAULTS;
  const { equilibrate, residual = base.residual } = rest;
  if (equilibrate === "rows" && !isJoint(residual)) {
    throw new OptimizerOptionError("equilibrate", '"off", or the residual "joint"', equilibrate);
  }
  return { ...base, ...rest, refresh: refreshSettings(refresh, base.refresh), sketch: { ...base.sketch, ...sketch } };
}

function refreshSettings(refresh: RefreshOptions | undefined, base: RefreshSettings): RefreshSettings {
  if (refresh === undefined) return base;
  return "every" in refresh
    ? { every: refresh.every, stagger: refresh.stagger ?? ("stagger" in base && base.stagger) }
    : { captureBelow: refresh.captureBelow, minGap: refresh.minGap ?? 10, maxGap: refresh.maxGap ?? 1000 };
}

function checkRefresh(value: unknown): string | undefined {
  const wanted = "{ every: steps >= 1, stagger? } or { captureBelow: fraction, minGap?, maxGap? }";
  if (typeof value !== "object" || value === null) return wanted;
  const { every, stagger, captureBelow, minGap = 1, maxGap = 1000, ...unknown } = value as Record<string, number>;
  if (Object.keys(unknown).length > 0 || (every === undefined) === (captureBelow === undefined)) return wanted;
  if (every !== undefined) {
    const staggerIsBoolean = stagger === undefined || typeof stagger === "boolean";
    return Number.isInteger(every) && every >= 1 && staggerIsBoolean ? undefined : wanted;
  }
  const gapsFit = Number.isInteger(minGap) && Number.isInteger(maxGap) && minGap >= 1 && maxGap >= minGap;
  return captureBelow! > 0 && captureBelow! <= 1 && gapsFit ? undefined : wanted;
}

function checkRank(value: unknown): string | undefined {
  const isRank = (rank: unknown): boolean => Number.isSafeInteger(rank) && (rank as number) >= 1;
  if (isRank(value)) return undefined;
  const wanted = "a whole number >= 1, or { energy: fraction, min?, max? }";
  if (typeof value !== "object" || value === null) return wanted;
  const { energy, min = 1, max, ...unknown } = value as Record<string, number>;
  const ranksFit = isRank(min) && (max === undefined || (isRank(max) && max >= min));
  return Object.keys(unknown).length === 0 && energy! > 0 && energy! <= 1 && ranksFit ? undefined : wanted;
}
