import { numpy as np, tree } from "@jax-js/jax";
import { type CreateOptions, createOptimizer, describe, type Group, type Optimizer, type Report } from "@sumo/core";
import type { Arrays } from "./arrays.ts";
import { StateError, StructureError } from "./errors.ts";
import { type JaxMatrix, type JaxSource, jaxBackend } from "./jax-backend.ts";
import { checkSame, hasElements, type Leaves, leavesOf, release, shapesOf } from "./leaves.ts";
import { Place } from "./place.ts";

/** Options of a transformation. */
export interface Rule {
  readonly groups: Group | readonly Group[];
  readonly steps: Pick<CreateOptions<JaxMatrix, JaxSource>, "onNonFinite" | "microBatches" | "clip">;
  /** Some weights decay, so updates depend on them. */
  readonly needsParams: boolean;
}

/** Data common to all states of one training run: an optimizer, for the newest state only. */
interface Run {
  readonly optimizer: Optimizer<JaxMatrix, JaxSource>;
  readonly needsParams: boolean;
  /** By name, including leaves without elements, which are not trained. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Weights during a step, else zeros. */
  readonly places: ReadonlyMap<string, Place>;
  newest: State | undefined;
}

/** State of a training run at one step. */
export class State {
  private readonly run: Run;

  private constructor(run: Run) {
    this.run = run;
  }

  static create(params: Arrays, { groups, steps, needsParams }: Rule, saved?: Uint8Array): State {
    try {
      const shapes = shapesOf(leavesOf(params, "parameters"));
      const trained = [...shapes].filter(([, shape]) => hasElements(shape));
      const places = new Map(trained.map(([name, shape]) => [name, new Place(np.zeros([...shape]))]));
      const parameters = trained.map(([name, shape]) => ({ name, shape, data: places.get(name)! }));
      const optimizer = createOptimizer<JaxMatrix, JaxSource>(parameters, groups, { backend: jaxBackend(), ...steps });
      try {
        if (saved !== undefined) optimizer.load(saved);
      } catch (error) {
        optimizer.dispose();
        throw error;
      }
      const run: Run = { optimizer, needsParams, shapes, places, newest: undefined };
      run.newest = new State(run);
      return run.newest;
    } finally {
      release(params);
    }
  }

  /** See `Transformation.update`. */
  static advance<P extends Arrays>(state: State, grads: P, params?: P): [updates: P, state: State] {
    try {
      if (!(state instanceof State)) {
        throw new StateError(`expected a state of \`init\` or \`update\` in the second place, got ${describe(state)}`);
      }
      return state.advance(grads, params);
    } finally {
      release(grads);
      release(params);
    }
  }

  /** Optimizer, reason, steps and counters of every parameter. */
  report(): Report {
    return this.current().optimizer.report();
  }

  /** Saves the state as a safetensors file, for `init`. */
  save(): Uint8Array {
    return this.current().optimizer.save();
  }

  /** Releases the state. */
  dispose(): void {
    const { optimizer, places } = this.current();
    optimizer.dispose();
    for (const place of places.values()) place.dispose();
    this.run.newest = undefined;
  }

  private advance<P extends Arrays>(grads: P, params?: P): [updates: P, state: State] {
    const { optimizer, shapes, places, needsParams } = this.current();
    const gradients = leavesOf(grads, "gradients");
    checkSame(gradients, shapes, "gradients");
    const weights = params === undefined ? undefined : leavesOf(params, "parameters");
    if (weights !== undefined) checkSame(weights, shapes, "parameters");
    else if (needsParams) throw new StructureError("parameters: expected them as the third argument, for weight decay");
    for (const [name, place] of places) if (weights !== undefined) place.write(weights.get(name)!.ref);
    try {
      optimizer.step(new Map([...places.keys()].map((name) => [name, gradients.get(name)!])));
      const leaves = [...gradients].map(([name, { shape }]) => this.updateOf(name, shape, weights));
      this.run.newest = new State(this.run);
      return [tree.unflatten(tree.structure(grads), leaves) as P, this.run.newest];
    } finally {
      // Zeros take no memory until they are used.
      for (const place of places.values()) place.write(np.zeros(place.shape));
    }
  }

  private updateOf(name: string, shape: readonly number[], weights: Leaves | undefined): np.Array {
    const place = this.run.places.get(name);
    if (place === undefined) return np.zeros([...shape]);
    return weights === undefined ? place.read() : place.read().sub(weights.get(name)!.ref);
  }

  /** @throws {StateError} if this state was used before. */
  private current(): Run {
    if (this.run.newest === this) return this.run;
    throw new StateError("this state was used up by an update or disposed of; go on with the one that the update gave");
  }
}
