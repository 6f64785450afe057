import { tree } from "@jax-js/jax";
import { type CreateOptions, createOptimizer, type Group, type Plan, plan } from "@sumo/core";
import type { Arrays } from "./arrays.ts";
import { decays, withDefaults, withHidden } from "./groups.ts";
import { type JaxMatrix, type JaxSource, jaxBackend } from "./jax-backend.ts";
import { checkSame, hasElements, leavesOf, shapesOf } from "./leaves.ts";
import { type Rule, State } from "./state.ts";

/**
 * Optimizer with optax's interface. As usual in jax-js, functions consume their arguments, even if they throw; `.ref` or `tree.ref` adds a
 * reference. An update consumes its state, unless it throws. Not for use inside `jit`; see
 * `pureTransformation`.
 */
export interface Transformation {
  /**
   * Creates a state for these parameters.
   *
   * @param saved - An earlier state's `save`; training resumes from it with the same bits.
   * @throws {StructureError} @throws {OptimizerOptionError} @throws {ParameterError} @throws {SafetensorsError} @throws {CheckpointError}
   */
  init(params: Arrays, saved?: Uint8Array): State;
  /**
   * Returns increments for the parameters, and the next state.
   *
   * @param grads - Of the parameters' structure; keys may be in another order.
   * @param params - Needed for weight decay alone.
   * @throws {StateError} for a consumed state @throws {StructureError}, and what core's `step` throws;
   * then `state` can be used again.
   */
  update<P extends Arrays>(grads: P, state: State, params?: P): [updates: P, state: State];
  /** Plans the optimizer and bytes of state of each parameter. Does not consume them. @throws as {@link init}. */
  plan(params: Arrays): Plan;
}

/** Options of a step; see core's `createOptimizer`. */
export interface StepOptions
  extends Pick<CreateOptions<JaxMatrix, JaxSource>, "onNonFinite" | "microBatches" | "clip"> {}

/**
 * Core's optimizers as a pair of functions for `@jax-js/jax`.
 *
 * Parameters are named by their path, e.g. `layers.0.kernel`, for groups and reports. Matrices count as inputs × outputs and kernels of
 * convolutions as outputs × everything else, as in JAX, unless a group's `layout` says otherwise. A single group for matrices applies to
 * hidden ones (`hidden`, by default by rule), and all other parameters get AdamW at the same learning rate (`others`).
 *
 * @param options - Of one optimizer, or a list of groups, as for core's `createOptimizer`.
 * @throws {OptimizerOptionError}
 *
 * @example
 * const solver = transformation({ optimizer: "sumo", lr: 0.01, rank: 8 });
 * let state = solver.init(tree.ref(params));
 * let updates: typeof params;
 * [updates, state] = solver.update(grads, state, tree.ref(params));
 * params = applyUpdates(params, updates);
 */
export function transformation(options: Group | readonly Group[], steps: StepOptions = {}): Transformation {
  const isList = Array.isArray(options);
  const groups = isList ? (options as readonly Group[]).map(withDefaults) : withHidden(withDefaults(options as Group));
  const backend = jaxBackend();
  // Wrong options throw here, not in `init`.
  createOptimizer([], groups, { backend, ...steps }).dispose();
  const needsParams = [groups].flat().some(decays);
  const rule: Rule = { groups, steps, needsParams };
  return {
    init: (params, saved) => State.create(params, rule, saved),
    update: (grads, state, params) => State.advance(state, grads, params),
    plan: (params) => {
      const shapes = [...shapesOf(leavesOf(params, "parameters"))].filter(([, shape]) => hasElements(shape));
      const { microBatches = 1, clip } = steps;
      return plan(
        shapes.map(([name, shape]) => ({ name, shape })),
        groups,
        { sizes: backend.sizes, microBatches, ...(clip !== undefined && { clip }) },
      );
    },
  };
}

/** params + updates. Consumes both. */
export function applyUpdates<P extends Arrays>(params: P, updates: P): P {
  const weights = leavesOf(params, "parameters", true);
  const increments = leavesOf(updates, "updates", true);
  checkSame(increments, shapesOf(weights), "updates");
  const sums = [...weights].map(([name, weight]) => weight.add(increments.get(name)!));
  return tree.unflatten(tree.structure(params), sums) as P;
}
