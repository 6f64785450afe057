import type { RefreshTrace } from "../algorithms/stepper.ts";
import { OptimizerOptionError } from "../errors.ts";

/** One update of one parameter. Fields that its optimizer does not have are absent. */
export interface StepEvent {
  readonly parameter: string;
  /** Counts from 0. */
  readonly step: number;
  readonly lr: number;
  /** Absent where micro-batches were summed in the subspace. */
  readonly gradientNorm?: number;
  /** Root mean square of the update before the learning rate. */
  readonly updateRms?: number;
  /** ‖Qᵀ G‖² / ‖G‖². */
  readonly captured?: number;
  /** Singular values of the matrix that was orthogonalized, descending. */
  readonly spectrum?: Float64Array;
  /** Condition number of that matrix, and its stable rank ‖·‖_F² / ‖·‖₂². */
  readonly condition?: number;
  readonly stableRank?: number;
  /** ‖O Oᵀ O − O‖ per direction, the result's distance from a partial isometry. */
  readonly orthogonality?: number;
  /** Whether the growth limit, or the ceiling of Fira's residual, shortened the update. */
  readonly limited?: boolean;
}

/** A new subspace of one parameter. */
export interface RefreshEvent extends RefreshTrace {
  readonly parameter: string;
  readonly step: number;
  /** ‖Qᵀ G‖² / ‖G‖² in the new subspace. */
  readonly captured: number;
}

/**
 * A warning about one parameter:
 * - `non-finite`: a gradient with NaN or an infinity was skipped;
 * - `no-op`: a non-zero gradient gave a zero update;
 * - `stale-basis`: the subspace holds less of the gradient's energy than a random one would. At most once a subspace.
 */
export interface AlarmEvent {
  readonly parameter: string;
  readonly step: number;
  readonly kind: "non-finite" | "no-op" | "stale-basis";
  readonly message: string;
}

/** The events of an optimizer by name. */
export interface OptimizerEvents {
  readonly step: StepEvent;
  readonly refresh: RefreshEvent;
  readonly alarm: AlarmEvent;
}

type Listener<E> = (event: E) => void;

/** Listeners by event. */
export class Listeners {
  private readonly sets: { readonly [K in keyof OptimizerEvents]: Set<Listener<OptimizerEvents[K]>> } = {
    step: new Set(),
    refresh: new Set(),
    alarm: new Set(),
  };

  /** Adds a listener. Returns a function that removes it. */
  add<K extends keyof OptimizerEvents>(name: K, listener: Listener<OptimizerEvents[K]>): () => void {
    if (!Object.hasOwn(this.sets, name))
      throw new OptimizerOptionError("event", Object.keys(this.sets).join(", "), name);
    if (typeof listener !== "function") throw new OptimizerOptionError("listener", "a function", listener);
    this.sets[name].add(listener);
    return () => {
      this.sets[name].delete(listener);
    };
  }

  has(name: keyof OptimizerEvents): boolean {
    return this.sets[name].size > 0;
  }

  emit<K extends keyof OptimizerEvents>(name: K, event: OptimizerEvents[K]): void {
    for (const listener of this.sets[name]) listener(event);
  }
}
