import { numpy as np, tree } from "@jax-js/jax";
import { createOptimizer, type Group, type Optimizer, type Report } from "@sumo/core";
import type { Arrays } from "./arrays.ts";
import { StateError, StructureError } from "./errors.ts";
import { type JaxMatrix, type JaxSource, jaxBackend } from "./jax-backend.ts";
import { Place } from "./place.ts";

/** The part that all states of one training run share: one optimizer, which only the newest state may use. */
interface Run {
  readonly optimizer: Optimizer<JaxMatrix, JaxSource>;
  readonly names: readonly string[];
  /** The weights during a step. */
  readonly places: readonly Place[];
  newest: State | undefined;
}

/** The state of a training run at one step. */
export class State {
  private readonly run: Run;

  private constructor(run: Run) {
    this.run = run;
  }

  static create(params: Arrays, groups: Group | readonly Group[], saved?: Uint8Array): State {
    const names = pathsOf(params);
    const leaves = tree.leaves<np.Array>(params);
    const places = leaves.map(({ shape }) => new Place(np.zeros(shape)));
    tree.dispose(params);
    const parameters = names.map((name, i) => ({ name, shape: places[i]!.shape, data: places[i]! }));
    const optimizer = createOptimizer<JaxMatrix, JaxSource>(parameters, groups, { backend: jaxBackend() });
    if (saved !== undefined) optimizer.load(saved);
    const run: Run = { optimizer, names, places, newest: undefined };
    run.newest = new State(run);
    return run.newest;
  }

  /** See `Transformation.update`. */
  advance<P extends Arrays>(grads: P, params: P): [updates: P, state: State] {
    const { optimizer, places } = this.current();
    const [gradients, weights] = [this.leavesOf(grads, "gradients"), this.leavesOf(params, "parameters")];
    for (const [i, place] of places.entries()) place.write(weights[i]!.ref);
    try {
      optimizer.step(Object.fromEntries(this.run.names.map((name, i) => [name, gradients[i]!])));
      const updates = places.map((place, i) => place.read().sub(weights[i]!.ref));
      this.run.newest = new State(this.run);
      return [tree.unflatten(tree.structure(params), updates) as P, this.run.newest];
    } finally {
      // Zeros take no memory until they are used.
      for (const place of places) place.write(np.zeros(place.shape));
      tree.dispose(grads);
      tree.dispose(params);
    }
  }

  /** The optimizer of every parameter, with the reason, its steps and counters. */
  report(): Report {
    return this.current().optimizer.report();
  }

  /** The whole state as a safetensors file, for `init`. */
  save(): Uint8Array {
    return this.current().optimizer.save();
  }

  /** Frees the state. */
  dispose(): void {
    const { optimizer, places } = this.current();
    optimizer.dispose();
    for (const place of places) place.dispose();
    this.run.newest = undefined;
  }

  /** @throws {StateError} if this state was used before. */
  private current(): Run {
    if (this.run.newest === this) return this.run;
    throw new StateError("this state was used up by an update or disposed of; go on with the one that the update gave");
  }

  private leavesOf(given: Arrays, what: string): np.Array[] {
    const [got, wanted] = [pathsOf(given).join(", "), this.run.names.join(", ")];
    if (got !== wanted) throw new StructureError(`${what}: expected ${wanted}, got ${got}`);
    return tree.leaves<np.Array>(given);
  }
}

/** A name for every leaf, in the order of `tree.leaves`. A bare array is called `params`. */
function pathsOf(arrays: Arrays): string[] {
  const structure = tree.structure<np.Array>(arrays);
  const paths = [...pathsIn(structure)].map((path) => path.join("."));
  return paths.length === 1 && paths[0] === "" ? ["params"] : paths;
}

type Structure = ReturnType<typeof tree.structure>;

function* pathsIn({ nodeType, nodeMetadata, childTreedefs }: Structure): Generator<string[]> {
  if (nodeType === "Leaf") {
    yield [];
    return;
  }
  const keys: readonly string[] = nodeType === "Object" ? nodeMetadata : childTreedefs.map((_, i) => String(i));
  for (const [i, child] of childTreedefs.entries()) for (const rest of pathsIn(child)) yield [keys[i]!, ...rest];
}
