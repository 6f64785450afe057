import { countFact, type Facts, numberFact } from "../facts.ts";
import type { RefreshSettings } from "./options.ts";

/**
 * Where one parameter stands. A field exists only in the phase in which it means something.
 * The matrices Q and M lie beside it: garbage while cold, a basis and a moment while tracking.
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
      /** Norm that the growth limiter compares with: the last update's. */
      readonly lastNorm: number;
      /** ‖Qᵀ G‖² / ‖G‖² of the last gradient. */
      readonly captured: number;
      /** Dimension of the subspace. */
      readonly rank: number;
    };

/** `wait`: a zero gradient spans no subspace, so a cold parameter stays cold. */
export type Action = "wait" | "refresh" | "project";

/**
 * The transitions, and the only place that knows them.
 *
 * @param headStart - Steps by which the first period is shorter, so that parameters take turns.
 * @param gradientIsZero - Asked only where the answer matters: on a device it costs a wait.
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

/** Steps by which matrix `index` of `count` refreshes earlier for the first time: spread evenly over the period. */
export function headStartOf(refresh: RefreshSettings, index: number, count: number): number {
  if (!("every" in refresh) || !refresh.stagger) return 0;
  return Math.floor((index * refresh.every) / Math.max(1, count));
}

/** The state as JSON. A cold parameter's matrices have the largest rank, which is noted for their shape. */
export function factsOf(state: ParamState, rank: number): Facts {
  return { ...state, rank };
}

/** The inverse of {@link factsOf}. @throws {TypeError} if a fact is missing or impossible. */
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

/** The rank that the saved matrices have. @throws {TypeError} unless it lies between 1 and `largest`. */
export function rankFact(facts: Facts, largest: number): number {
  const rank = countFact(facts, "rank");
  if (rank < 1 || rank > largest) throw new TypeError(`expected a rank between 1 and ${largest}, got ${rank}`);
  return rank;
}
