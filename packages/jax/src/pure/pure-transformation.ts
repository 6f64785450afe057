import { numpy as np, tree } from "@jax-js/jax";
import {
  type AdamwOptions,
  type Assignment,
  assignGroups,
  describe,
  type Geometry,
  type Group,
  type GroupOptions,
  geometryOf,
  OptimizerOptionError,
  type ParameterShape,
  type SumoOptions,
} from "@sumo/core";
import { fillNormal, matrix, qr, rangeFinder, transpose } from "@sumo/linalg";
import type { Arrays } from "../arrays.ts";
import { product } from "../device.ts";
import { StateError, StructureError } from "../errors.ts";
import { decays, withDefaults, withHidden } from "../groups.ts";
import { checkSame, hasElements, type Leaves, leavesOf, release, shapesOf } from "../leaves.ts";
import { Scope } from "./scope.ts";
import { type AdamwSettings, adamwStep, type Readings, type Stepped, type SumoSettings, sumoStep } from "./steps.ts";

/** State of all parameters, a tree of arrays: by path, then by name. `step` counts the steps of a parameter. */
export type PureState = Readonly<Record<string, Readonly<Record<string, np.Array>>>>;

/** A learning rate, or a function of the number of steps, which inside `jit` is a traced array. */
export type PureLearningRate = number | ((step: np.Array) => np.Array);

/** Options of SUMO or AdamW, with the parameters that they apply to. */
export type PureGroup = (Omit<SumoOptions, "lr"> | Omit<AdamwOptions, "lr">) & {
  readonly lr: PureLearningRate;
} & Omit<GroupOptions, "split" | "others"> & {
    readonly others?: Omit<NonNullable<GroupOptions["others"]>, "lr"> & { readonly lr?: PureLearningRate };
  };

/**
 * Optimizer as pure functions of trees of arrays. As usual in jax-js, functions consume their arguments; `.ref` or `tree.ref` adds a reference.
 */
export interface PureTransformation {
  /** Creates a state, with random subspaces. @throws {StructureError} @throws {ParameterError} */
  init(params: Arrays): PureState;
  /**
   * Returns increments for the parameters, and the next state. Works inside `jit`: it consists of products and element-wise operations. A
   * gradient that is not finite leaves its parameter and state as they are.
   *
   * @param params - Needed for weight decay alone.
   * @throws {StructureError} @throws {StateError} when it is traced.
   */
  update<P extends Arrays>(grads: P, state: PureState, params?: P): [updates: P, state: PureState];
  /**
   * Computes new subspaces from these gradients by a randomized SVD on the host, and projects the moments onto them. Call it outside of `jit`,
   * before the first update and every some hundred.
   *
   * @throws as {@link update}.
   */
  refresh(grads: Arrays, state: PureState): PureState;
}

/**
 * SUMO and AdamW of core as pure functions, whose update can be compiled by `jit`. Orthogonalization is by polynomials (`orthogonalize`,
 * default `"polar-express"`). Of SUMO's options it lacks those that need numbers on the host: exact orthogonalization, a joint residual, the
 * paper's growth limit, an adaptive rank, 8-bit state and cautious decay; `refresh` is a function.
 *
 * @throws {OptimizerOptionError}
 *
 * @example
 * const solver = pureTransformation({ optimizer: "sumo", lr: 0.01, rank: 8 });
 * let state = solver.init(tree.ref(params));
 * const step = jit((params, state, x) => {
 *   const grads = grad(loss)(tree.ref(params), x);
 *   const [updates, next] = solver.update(grads, state);
 *   return [applyUpdates(params, updates), next];
 * });
 */
export function pureTransformation(options: PureGroup | readonly PureGroup[]): PureTransformation {
  const groups = groupsOf(options);
  for (const group of [groups].flat()) checkPure(group);
  assignGroups([], groups);
  const needsParams = [groups].flat().some(decays);
  const assign = (leaves: Leaves): ReadonlyMap<string, Assignment> => {
    const shapes = [...leaves].map(([name, { shape }]): ParameterShape => ({ name, shape }));
    const assignments = assignGroups(
      shapes.filter(({ shape }) => hasElements(shape)),
      groups,
    );
    return new Map(assignments.map((assignment) => [assignment.parameter.name, assignment]));
  };
  return {
    init(params) {
      try {
        const assigned = [...assign(leavesOf(params, "parameters"))];
        return Object.fromEntries(assigned.map(([name, assignment], i) => [name, initial(assignment, i)]));
      } finally {
        release(params);
      }
    },
    update(grads, state, params) {
      try {
        const gradients = leavesOf(grads, "gradients", true);
        const weights = params === undefined ? undefined : leavesOf(params, "parameters", true);
        if (weights !== undefined) checkSame(weights, shapesOf(gradients), "parameters");
        else if (needsParams)
          throw new StructureError("parameters: expected them as the third argument, for weight decay");
        const assigned = assign(gradients);
        checkState(state, assigned);
        const next: Record<string, PureState[string]> = {};
        const updates = [...gradients].map(([name, gradient]) => {
          const assignment = assigned.get(name);
          if (assignment === undefined) return np.zeros([...gradient.shape]);
          const stepped = advance(assignment, gradient, state[name]!, weights?.get(name));
          next[name] = stepped.state;
          return stepped.update;
        });
        return [tree.unflatten(tree.structure(grads), updates) as typeof grads, next];
      } finally {
        release(grads);
        release(params);
        release(state);
      }
    },
    refresh(grads, state) {
      try {
        const gradients = leavesOf(grads, "gradients");
        const assigned = assign(gradients);
        checkState(state, assigned);
        const refreshed = [...assigned].map(([name, assignment], i) => {
          const old = state[name]!;
          return [name, refreshedState(assignment, gradients.get(name)!, old, i)] as const;
        });
        return Object.fromEntries(refreshed);
      } finally {
        release(grads);
        release(state);
      }
    },
  };
}

function groupsOf(options: PureGroup | readonly PureGroup[]): Group | readonly Group[] {
  const polynomial = (group: Group): Group =>
    typeof group === "object" && group !== null && group.optimizer === "sumo"
      ? { orthogonalize: "polar-express", ...group }
      : group;
  // Core only passes the rate on.
  const given = options as Group | readonly Group[];
  return Array.isArray(given)
    ? (given as readonly Group[]).map((group) => polynomial(withDefaults(group)))
    : polynomial(withHidden(withDefaults(given as Group)));
}

/** @throws {OptimizerOptionError} for an option that needs numbers on the host. */
function checkPure(group: Group): void {
  if (typeof group !== "object" || group === null) return;
  const refuse = (option: string, expected: string, got: unknown): never => {
    throw new OptimizerOptionError(option, `${expected}, in a pure transformation`, got);
  };
  const { optimizer, split, lr, others } = group;
  if (optimizer !== "sumo" && optimizer !== "adamw") refuse("optimizer", '"sumo" or "adamw"', optimizer);
  if (split !== undefined) refuse("split", "none", split);
  for (const rate of [lr, others?.lr]) {
    if (typeof rate === "function" && "spec" in rate) refuse("lr", "a function of an array", rate);
  }
  if (optimizer !== "sumo") return;
  const { orthogonalize, residual, preset, rank, stateBits, cautious } = group;
  if (orthogonalize === "exact") refuse("orthogonalize", "a polynomial", orthogonalize);
  if (residual === "joint" || (typeof residual === "object" && "joint" in residual)) {
    refuse("residual", '"off", "raw", "fira" or { scale }', residual);
  }
  if (preset === "paper") refuse("preset", '"default"', preset);
  if (typeof rank === "object") refuse("rank", "a number", rank);
  if (stateBits === 8) refuse("stateBits", "32", stateBits);
  if (cautious === true) refuse("cautious", "false", cautious);
}

function geometryOfAssignment({ parts, settings }: Assignment): Geometry {
  const { rows, cols } = parts[0]!;
  return geometryOf(rows, cols, settings as unknown as SumoSettings);
}

/** State before the first step. SUMO's basis is random. */
function initial(assignment: Assignment, stream: number): PureState[string] {
  const { rows, cols } = assignment.parts[0]!;
  if (assignment.settings.optimizer !== "sumo") {
    const moments = { first: np.zeros([rows, cols]), second: np.zeros([rows, cols]) };
    return { ...moments, correction1: np.array(0), correction2: np.array(0), step: np.array(0) };
  }
  const { basisRows, rank, momentRows, momentCols } = geometryOfAssignment(assignment);
  const values = new Float32Array(basisRows * rank);
  fillNormal(values, [assignment.settings.seed, stream, 0]);
  const { q } = qr(matrix(basisRows, rank, values));
  return {
    basis: np.array(Float32Array.from(q.data), { shape: [basisRows, rank] }),
    moment: np.zeros([momentRows, momentCols]),
    norm: np.array(0),
    ...(assignment.settings.scale === "adam" && {
      energy: np.array(0),
      energyWeight: np.array(0),
      momentWeight: np.array(0),
    }),
    step: np.array(0),
  };
}

/** One step of one parameter. */
function advance(
  assignment: Assignment,
  gradient: np.Array,
  state: PureState[string],
  weight: np.Array | undefined,
): { readonly update: np.Array; readonly state: PureState[string] } {
  const { parts, settings, layout } = assignment;
  const { rows, cols } = parts[0]!;
  const scope = new Scope();
  const g = scope.own(gradient.ref.reshape([rows, cols]));
  const before: Readings = Object.fromEntries(Object.entries(state).map(([key, array]) => [key, scope.own(array.ref)]));
  const stepped: Stepped =
    settings.optimizer === "sumo"
      ? sumoStep(scope, g, before, settings as unknown as SumoSettings, geometryOfAssignment(assignment), layout)
      : adamwStep(scope, g, before, settings as AdamwSettings);
  const after: Record<string, np.Array> = { ...stepped.state, step: before["step"]!().add(1) };

  const { lr, weightDecay } = settings as unknown as { readonly lr: PureLearningRate; readonly weightDecay: number };
  const rate = scope.own(typeof lr === "number" ? np.full([], lr) : lr(before["step"]!()));
  const descent = stepped.direction.reshape([...gradient.shape]);
  const decayed = weight !== undefined && weightDecay > 0 ? descent.add(weight.ref.mul(weightDecay)) : descent;
  const finite = scope.own(np.logicalAnd(np.all(np.isfinite(g())), np.isfinite(np.square(g()).sum())));
  const update = np.where(finite(), decayed.mul(rate()).mul(-1), 0);
  const kept = Object.entries(after).map(([key, array]) => [key, np.where(finite(), array, before[key]!())]);
  scope.end();
  return { update, state: Object.fromEntries(kept) };
}

/** State with a new subspace, if the parameter has one and the gradient is not zero. */
function refreshedState(
  assignment: Assignment,
  gradient: np.Array,
  state: PureState[string],
  stream: number,
): PureState[string] {
  if (assignment.settings.optimizer !== "sumo") return tree.ref(state);
  const { rows, cols } = assignment.parts[0]!;
  const { seed, sketch } = assignment.settings;
  const { side, basisRows, rank } = geometryOfAssignment(assignment);
  const values = gradient.ref.dataSync() as Float32Array;
  if (values.every((x) => x === 0)) return tree.ref(state);
  const operand = matrix(rows, cols, values);
  const { oversampling, powerIterations } = sketch;
  const count = Math.round(state["step"]!.ref.item());
  const { q } = rangeFinder(side === "left" ? operand : transpose(operand), rank, {
    oversampling,
    powerIterations,
    key: [seed, stream, count + 1],
  });
  const scope = new Scope();
  const basis = scope.own(np.array(Float32Array.from(q.data), { shape: [basisRows, rank] }));
  const change = product(basis(), state["basis"]!.ref, true, false);
  const { moment } = state;
  const carried =
    side === "left" ? product(change, moment!.ref, false, false) : product(moment!.ref, change, false, true);
  const { basis: _, moment: __, ...rest } = state;
  const next = { basis: basis(), moment: carried, ...tree.ref(rest) };
  scope.end();
  return next;
}

/** @throws {StateError} unless `state` has the arrays of these parameters. */
function checkState(state: PureState, assigned: ReadonlyMap<string, Assignment>): void {
  const names = typeof state === "object" && state !== null ? Object.keys(state) : undefined;
  const isSame = names?.length === assigned.size && names.every((name) => assigned.has(name));
  if (isSame) return;
  const got = names === undefined ? describe(state) : `one of ${names.join(", ") || "nothing"}`;
  throw new StateError(`expected the state of ${[...assigned.keys()].join(", ")}, got ${got}`);
}
