import { type numpy as np, tree } from "@jax-js/jax";
import type { Group } from "@sumo/core";
import type { Arrays } from "./arrays.ts";
import { State } from "./state.ts";

/**
 * An optimizer in optax's shape. As everywhere in jax-js, functions use their arguments up, the state included: every state can be used
 * once, and `.ref` or `tree.ref` keeps parameters for later.
 */
export interface Transformation {
  /**
   * A state for these parameters.
   *
   * @param saved - what an earlier state's `save` gave; it goes on from there, bit for bit.
   * @throws {OptimizerOptionError} @throws {ParameterError} @throws {CheckpointError}
   */
  init(params: Arrays, saved?: Uint8Array): State;
  /**
   * What is to be added to the parameters, and the next state.
   *
   * @throws {StateError} for a state that was used before @throws {StructureError}, and what core's `step` throws;
   * then `state` can be used again.
   */
  update<P extends Arrays>(grads: P, state: State, params: P): [updates: P, state: State];
}

/**
 * Core's optimizers as a pair of functions for `@jax-js/jax`.
 *
 * Parameters are named by their path, e.g. `layers.0.kernel`, for groups and reports. Matrices count as inputs × outputs, as in JAX, unless
 * a group's `layout` says otherwise. With a single group for matrices, vectors go to AdamW at the same learning rate.
 *
 * @param options - of one optimizer, or a list of groups, as for core's `createOptimizer`.
 *
 * @example
 * const solver = transformation({ optimizer: "sumo", lr: 0.01, rank: 8 });
 * let state = solver.init(tree.ref(params));
 * let updates: typeof params;
 * [updates, state] = solver.update(grads, state, tree.ref(params));
 * params = applyUpdates(params, updates);
 */
export function transformation(options: Group | readonly Group[]): Transformation {
  const groups = Array.isArray(options)
    ? (options as readonly Group[]).map(inputsFirst)
    : inputsFirst(options as Group);
  return {
    init: (params, saved) => State.create(params, groups, saved),
    update: (grads, state, params) => state.advance(grads, params),
  };
}

const inputsFirst = (group: Group): Group => ({ layout: "in-out", ...group });

/** params + updates. Uses both up. */
export function applyUpdates<P extends Arrays>(params: P, updates: P): P {
  return tree.map<np.Array, np.Array, P>((param, update) => param.add(update), params, updates) as P;
}
