import type { RefreshTrace } from "../algorithms/stepper.ts";

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
  /** Singular values of what was orthogonalized, descending. */
  readonly spectrum?: Float64Array;
  /** Its condition number, and ‖·‖_F² / ‖·‖₂². */
  readonly condition?: number;
  readonly stableRank?: number;
  /** ‖O Oᵀ O − O‖ per direction: how far the result is from orthogonal. */
  readonly orthogonality?: number;
  /** A limit shortened the update: on its growth, or on the length that Fira's residual gives it. */
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
 * Something that a user should know of:
 * - `non-finite`: a gradient with NaN or an infinity was skipped;
 * - `no-op`: a gradient that is not zero gave an update that is;
 * - `stale-basis`: the subspace holds less of the gradient than a random one would. Said once a subspace.
 */
export interface AlarmEvent {
  readonly parameter: string;
  readonly step: number;
  readonly kind: "non-finite" | "no-op" | "stale-basis";
  readonly message: string;
}

export interface OptimizerEvents {
  readonly step: StepEvent;
  readonly refresh: RefreshEvent;
  readonly alarm: AlarmEvent;
}

type Listener<E> = (event: E) => void;

/** Who listens to what. */
export class Listeners {
  private readonly sets: { readonly [K in keyof OptimizerEvents]: Set<Listener<OptimizerEvents[K]>> } = {
    step: new Set(),
    refresh: new Set(),
    alarm: new Set(),
  };

  /** Returns what ends it. */
  add<K extends keyof OptimizerEvents>(name: K, listener: Listener<OptimizerEvents[K]>): () => void {
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
