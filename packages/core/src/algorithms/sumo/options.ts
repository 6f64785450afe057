import type { NewtonSchulzCoefficients, NewtonSchulzOptions } from "../../backend/backend.ts";
import type { Schedule } from "../../wrappers/schedule.ts";
import { checkOptions, type OptionChecks, oneOf, range, wholeAtLeast } from "../option-checks.ts";

/** When the subspace is computed anew: every so many steps, or when it captures too little of the gradient's energy. */
export type RefreshOptions =
  | {
      /** Steps between two refreshes; 1 refreshes at every step. */
      readonly every: number;
      /** Spread the refreshes of different parameters over the period, so that no step stalls. Default true. */
      readonly stagger?: boolean;
    }
  | {
      /** Refresh when ‖Qᵀ G‖² / ‖G‖² fell below this fraction at the last step. */
      readonly captureBelow: number;
      /** Steps that a basis is kept at least. Default 10. */
      readonly minGap?: number;
      /** Steps that a basis is kept at most. Default 1000. */
      readonly maxGap?: number;
    };

/**
 * What happens to the gradient outside the subspace, R = G − Q Qᵀ G:
 * - `off`: nothing;
 * - `raw`: it is added as it is (Algorithm 1). The step then depends on the loss's scale;
 * - `{ scale }`: it is added times `scale`;
 * - `fira`: it is added with every line scaled as orthogonalization scaled that line of Qᵀ G (Chen et al. 2024, Fira, eq. 4), and the
 *   whole update is kept as short as the one that orthogonalizing all of G would give;
 * - `joint` or `{ joint: c }`: Q X + c R is orthogonalized as a whole, X the moment in units of one gradient. Costs what Muon costs; c defaults to 2.
 */
export type Residual = "off" | "raw" | { readonly scale: number } | "fira" | "joint" | { readonly joint: number };

/** Exact by default; a set of Newton–Schulz coefficients is for devices without float64, and is wrong where the moment is ill-conditioned. */
export type Orthogonalize = "exact" | NewtonSchulzCoefficients | NewtonSchulzOptions;

/** The smallest rank between `min` and `max` whose subspace holds this fraction of the gradient's energy, chosen anew at every refresh. */
export interface AdaptiveRank {
  readonly energy: number;
  /** Default 1. */
  readonly min?: number;
  /** What memory is planned for. Default: a quarter of the shorter side. */
  readonly max?: number;
}

export interface SumoOptions {
  readonly optimizer: "sumo";
  /** `paper`: Algorithm 1 of arXiv 2505.24749v2 to the letter. `default`: what measured best here. Other options override either. */
  readonly preset?: "default" | "paper";
  readonly lr: number | Schedule;
  /** Dimension of the subspace, clamped to the shorter side; or chosen at every refresh. Default: a quarter of the shorter side. */
  readonly rank?: number | AdaptiveRank;
  readonly momentum?: number;
  /** M ← μ M + Ĝ, or M ← μ M + (1 − μ) Ĝ. The polar factor does not see the difference. */
  readonly momentumForm?: "heavy-ball" | "average";
  /** Orthogonalize μ M + Ĝ instead of M. */
  readonly nesterov?: boolean;
  readonly residual?: Residual;
  /**
   * `rms`: 0.2 √(mn/r), every update has root mean square 0.2, so AdamW's learning rates carry over;
   * `paper`: alpha √max(m, n); `spectral`: √(outputs/inputs); `none`: 1.
   */
  readonly scale?: "rms" | "paper" | "spectral" | "none";
  /** Factor of `scale: "paper"`. Default 1. */
  readonly alpha?: number;
  /** Which side of the gradient is compressed: the shorter one, the longer one (Algorithm 1), or a named one. */
  readonly side?: "short" | "long" | "left" | "right";
  readonly refresh?: RefreshOptions;
  /**
   * How a basis is refreshed: a new randomized SVD, or one power iteration from the old basis, unless that holds no more of the gradient
   * than a random one would: a power iteration does not see what its start is orthogonal to.
   */
  readonly rangeFinder?: "cold" | "warm";
  readonly oversampling?: number;
  readonly powerIterations?: number;
  readonly orthogonalize?: Orthogonalize;
  /** Largest ratio of an update's norm to the one before; `"off"` for none. */
  readonly growthLimit?: number | "off";
  /** What the limiter acts on: the whole update, or O alone (Algorithm 1, where it can never fire: ‖O‖ does not change). */
  readonly growthLimitOn?: "update" | "orthogonal";
  /** Decoupled: W ← (1 − lr · weightDecay) W before the update. */
  readonly weightDecay?: number;
  /** Decay only the weights that the update shrinks as well (Chen et al. 2025, arXiv 2510.12402). */
  readonly cautious?: boolean;
  /** Bits a number in the state. With 8, blocks of 64 share a scale, where the backend can; scratch grows by one basis and moment. */
  readonly stateBits?: 32 | 8;
  /** Names the random numbers of the range finder. */
  readonly seed?: number;
}

/** {@link SumoOptions} with every default filled in. Plain JSON but for `lr`. */
export type SumoSettings = Required<Omit<SumoOptions, "rank" | "preset" | "refresh">> & {
  readonly rank: number | AdaptiveRank | undefined;
  readonly refresh: RefreshSettings;
};

export type RefreshSettings =
  | { readonly every: number; readonly stagger: boolean }
  | { readonly captureBelow: number; readonly minGap: number; readonly maxGap: number };

const DEFAULTS: Omit<SumoSettings, "lr" | "optimizer"> = {
  rank: undefined,
  momentum: 0.9,
  momentumForm: "heavy-ball",
  nesterov: true,
  residual: "fira",
  scale: "rms",
  alpha: 1,
  side: "short",
  refresh: { every: 200, stagger: true },
  rangeFinder: "warm",
  oversampling: 8,
  powerIterations: 1,
  orthogonalize: "exact",
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
  rangeFinder: "cold",
  growthLimitOn: "orthogonal",
};

const CHECKS: OptionChecks<SumoOptions> = {
  preset: oneOf("default", "paper"),
  rank: checkRank,
  momentum: range(0, 1, "[)"),
  momentumForm: oneOf("heavy-ball", "average"),
  nesterov: oneOf(true, false),
  residual: checkResidual,
  scale: oneOf("rms", "paper", "spectral", "none"),
  alpha: range(0, Infinity, "()"),
  side: oneOf("short", "long", "left", "right"),
  refresh: checkRefresh,
  rangeFinder: oneOf("cold", "warm"),
  oversampling: wholeAtLeast(0),
  powerIterations: wholeAtLeast(0),
  orthogonalize: checkOrthogonalize,
  growthLimit: (value) =>
    value === "off" || (typeof value === "number" && value >= 1) ? undefined : 'a ratio >= 1 or "off"',
  growthLimitOn: oneOf("update", "orthogonal"),
  weightDecay: range(0, Infinity, "[)"),
  cautious: oneOf(true, false),
  stateBits: oneOf(32, 8),
  seed: wholeAtLeast(0),
};

/** Checks the options and fills in defaults. @throws {OptimizerOptionError} */
export function sumoSettings(options: SumoOptions): SumoSettings {
  checkOptions("sumo", options, CHECKS);
  const { preset = "default", refresh, ...rest } = options;
  const base = preset === "paper" ? { ...DEFAULTS, ...PAPER } : DEFAULTS;
  return { ...base, ...rest, refresh: refreshSettings(refresh, base.refresh) };
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

function checkResidual(value: unknown): string | undefined {
  if (value === "off" || value === "raw" || value === "fira" || value === "joint") return undefined;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    const [key, number] = entries[0] ?? [];
    if (entries.length === 1 && (key === "scale" || key === "joint") && typeof number === "number" && number >= 0)
      return undefined;
  }
  return '"off", "raw", "fira", "joint", { scale: number } or { joint: number }';
}

/** The same check serves Muon. */
export function checkOrthogonalize(value: unknown): string | undefined {
  const sets: readonly unknown[] = ["exact", "muon", "classical", "polar-express", "cans"];
  if (sets.includes(value)) return undefined;
  if (Array.isArray(value)) {
    return value.length > 0 && value.every(isTriple) ? undefined : "a list of [a, b, c]";
  }
  if (typeof value === "object" && value !== null) {
    const { coefficients, steps } = value as Partial<NewtonSchulzOptions>;
    const stepsFit = steps === undefined || (Number.isInteger(steps) && steps >= 1);
    if (coefficients !== undefined && (coefficients as unknown) !== "exact" && stepsFit)
      return checkOrthogonalize(coefficients);
  }
  return `${sets.map((name) => JSON.stringify(name)).join(", ")}, a list of [a, b, c], or { coefficients, steps }`;
}

const isTriple = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every((x) => typeof x === "number" && Number.isFinite(x));

/** Newton–Schulz options in one form; `undefined` for the exact polar factor. */
export function newtonSchulzOptions(orthogonalize: Orthogonalize): NewtonSchulzOptions | undefined {
  if (orthogonalize === "exact") return undefined;
  return typeof orthogonalize === "object" && "coefficients" in orthogonalize
    ? orthogonalize
    : { coefficients: orthogonalize };
}

/** The weight of the residual in the joint form; `undefined` for every other form. */
export function jointWeight(residual: Residual): number | undefined {
  if (residual === "joint") return 2;
  return typeof residual === "object" && "joint" in residual ? residual.joint : undefined;
}
