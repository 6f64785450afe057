import { checkOptionNames } from "../algorithms/option-names.ts";
import type { Backend } from "../backend/backend.ts";
import type { Collective } from "../collective/collective.ts";
import { OptimizerOptionError } from "../errors.ts";
import { checkClip } from "../wrappers/clip.ts";
import { checkMicroBatches } from "./plan.ts";
import { checkCollective } from "./ranks.ts";

/** Options of {@link createOptimizer} beside those of the algorithm. */
export interface CreateOptions<T, Source> {
  /** The backend that computes. Default `linalgBackend()`. */
  readonly backend?: Backend<T, Source>;
  /** A gradient with NaN or an infinity throws, or is skipped and counted; neither changes weights or state. Default `"throw"`. */
  readonly onNonFinite?: "throw" | "skip";
  /** Number of gradients of each parameter a step, which uses their mean. Default 1. */
  readonly microBatches?: number;
  /**
   * Largest joint norm of the gradients of a step, which are scaled down to it by one factor, after the mean over micro-batches and ranks.
   * The gradients then come together, in one call of `step`, and are summed whole. Default: no limit.
   */
  readonly clip?: number;
  /**
   * Fraction of the refresh period by which all first periods are shorter, in [0, 1). Parameters of one optimizer take turns by themselves;
   * this is for programs with an optimizer for each. Default 0.
   */
  readonly turn?: number;
  /**
   * The ranks of a data-parallel run, e.g. `connectMpi()` of `@sumo/mpi`. A step takes the mean of the gradients of all ranks, which make the
   * same calls in the same order and begin with the same weights, which the first steps compare; weights and state remain equal. Where the
   * residual is off, most steps send only Qᵀ G. A gradient that is not finite throws on every rank. `microBatches` may differ between ranks.
   * Default: this process alone.
   */
  readonly collective?: Collective;
  /**
   * Divides the state among the ranks of the `collective`, as ZeRO's stage 1: one rank has the state of a parameter, gets its sum of gradients, makes its
   * step and sends the update to the others. Weights stay equal on all ranks. All ranks call `save`, `savePieces` and `load`. Events come from
   * the owner alone. Not with `clip`, as no rank has all gradients. Default false: every rank has the state of all parameters.
   */
  readonly shardState?: boolean;
}

/** @throws {OptimizerOptionError} */
export function checkCreateOptions(create: Partial<Record<keyof CreateOptions<never, never>, unknown>>): void {
  if (typeof create !== "object" || create === null) {
    throw new OptimizerOptionError("create", "an object such as { microBatches: 4 }", create);
  }
  checkOptionNames("createOptimizer's", create, [
    "backend",
    "onNonFinite",
    "microBatches",
    "clip",
    "turn",
    "collective",
    "shardState",
  ]);
  const { onNonFinite = "throw", microBatches = 1, clip, turn = 0, backend, collective, shardState = false } = create;
  if (onNonFinite !== "throw" && onNonFinite !== "skip") {
    throw new OptimizerOptionError("onNonFinite", '"throw" or "skip"', onNonFinite);
  }
  checkMicroBatches(microBatches);
  checkClip(clip);
  checkCollective(collective);
  checkShardState(shardState, collective, clip);
  if (!(typeof turn === "number" && turn >= 0 && turn < 1)) {
    throw new OptimizerOptionError("turn", "a fraction in [0, 1)", turn);
  }
  if (backend !== undefined && typeof (backend as { readonly allocate?: unknown } | null)?.allocate !== "function") {
    throw new OptimizerOptionError("backend", "a backend such as linalgBackend()", backend);
  }
}

/** @throws {OptimizerOptionError} */
function checkShardState(shardState: unknown, collective: unknown, clip: unknown): void {
  if (typeof shardState !== "boolean") throw new OptimizerOptionError("shardState", "true or false", shardState);
  if (!shardState) return;
  if (collective === undefined) {
    throw new OptimizerOptionError("shardState", "a `collective`, whose ranks divide the state", undefined, "got none");
  }
  if (clip === undefined) return;
  throw new OptimizerOptionError(
    "shardState",
    "no `clip`, whose norm is of gradients of several ranks",
    clip,
    `got clip ${clip}`,
  );
}
