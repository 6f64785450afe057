import { countFact, type Facts, numberFact } from "../facts.ts";
import type { RefreshSettings } from "./options.ts";

/**
 * State of one parameter, without the matrices Q and M, whose contents are undefined while cold.
 * A field exists only in the phases in which it has a meaning.
 */
export type ParamState =
  | { readonly phase: "cold"; readonly step: number }
  | {
      readonly phase: "tracking";
      /** Steps taken. */
      readonly step: number;
      /** The step at which the basis was computed. */
      readonly refreshedAt: number;
      /** Bases computed so far. */
      readonly refreshes: number;
      /** Norm of the last update, the growth limit's reference. */
      readonly lastNorm: number;
      /** ‖Qᵀ G‖² / ‖G‖² of the last gradient. */
      readonly captured: number;
      /** Dimension of the subspace. */
      readonly rank: number;
    };

/** `wait`: a cold parameter with a zero gradient, which spans no subspace, stays cold. */
export type Action = "wait" | "refresh" | "project";

/**
 * Chooses a step's action. All transitions are defined here.
 *
 * @param headStart - Steps by which the first period is shorter, to stagger the parameters.
 * @param gradientIsZero - Called only if needed, since on a device it costs a wait.
 */
export function nextAction(
  state: ParamState,
  refresh: RefreshSettings,
  headStart: number,
  gradientIsZero: () => boolean,
): Action {
  switch (state.phase) {
    case "cold":
      return gradientIsZero() ? "wait" : "refresh";
    case "tracking":
      return isDue(state, refresh, headStart) && !gradientIsZero() ? "refresh" : "project";
    default:
      return state satisfies never;
  }
}

function isDue(state: ParamState & { phase: "tracking" }, refresh: RefreshSettings, headStart: number): boolean {
  const age = state.step - state.refreshedAt;
  if ("every" in refresh) return age >= refresh.every - (state.refreshes === 1 ? headStart : 0);
  return age >= refresh.maxGap || (age >= refresh.minGap && state.captured < refresh.captureBelow);
}

/** Steps by which matrix `index` of `count` has its first refresh earlier; staggered evenly over the period. */
export function headStartOf(refresh: RefreshSettings, index: number, count: number): number {
  if (!("every" in refresh) || !refresh.stagger) return 0;
  return Math.floor((index * refresh.every) / Math.max(1, count));
}

/** Converts the state to JSON. `rank` gives the shape of a cold parameter's matrices. */
export function factsOf(state: ParamState, rank: number): Facts {
  return { ...state, rank };
}

/** The inverse of {@link factsOf}. @throws {TypeError} if a fact is missing or invalid. */
export function paramStateOf(facts: Facts): ParamState {
  const step = countFact(facts, "step");
  if (facts["phase"] === "cold") return { phase: "cold", step };
  if (facts["phase"] !== "tracking") throw new TypeError(`expected a phase, got ${String(facts["phase"])}`);
  const state: ParamState = {
    phase: "tracking",
    step,
    refreshedAt: countFact(facts, "refreshedAt"),
    refreshes: countFact(facts, "refreshes"),
    lastNorm: numberFact(facts, "lastNorm"),
    captured: numberFact(facts, "captured"),
    rank: countFact(facts, "rank"),
  };
  if (state.refreshedAt >= step || state.refreshes < 1) throw new TypeError("expected a basis from an earlier step");
  return state;
}

/** Reads the rank of the saved matrices. @throws {TypeError} unless it is between 1 and `largest`. */
export function rankFact(facts: Facts, largest: number): number {
  const rank = countFact(facts, "rank");
  if (rank < 1 || rank > largest) throw new TypeError(`expected a rank between 1 and ${largest}, got ${rank}`);
  return rank;
}
