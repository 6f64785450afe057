import {
  type AdamwOptions,
  type Group,
  type HiddenChoice,
  type OptimizerOptions,
  ParameterError,
  type ParameterShape,
  type Role,
  rolesOf,
} from "@sumo/core";
import type * as tf from "@tensorflow/tfjs-core";

/** Rules by which an optimizer class tells variables apart. */
export interface RoleRule {
  readonly main: OptimizerOptions;
  /** For variables that are not hidden matrices. `undefined`: all variables get `main`. */
  readonly others: AdamwOptions | undefined;
  readonly hidden: HiddenChoice;
}

/** The parts of a `tf.LayersModel` that a plan reads; a model is one, and the package needs no `@tensorflow/tfjs-layers`. */
export interface Model {
  readonly layers: readonly Layer[];
  readonly outputs: readonly Output[];
}

/** The parts of a `tf.layers.Layer`, which may be a model itself. */
interface Layer {
  readonly weights: readonly Weight[];
  readonly trainableWeights: readonly Weight[];
  getClassName(): string;
}

interface Weight {
  readonly shape: readonly (number | null)[];
  read(): tf.Tensor;
}

/** The parts of a `tf.SymbolicTensor`. */
interface Output {
  readonly sourceLayer: Layer;
  readonly inputs: readonly Output[];
}

/** tfjs kernels are inputs × outputs. */
const LAYOUT = "in-out";

/** Stands for the matrices that come before the variables of a first step. */
const BASE: ParameterShape = { name: "matrices of a frozen base", shape: [2, 2] };

/** Core's options for a variable of this role. */
export function groupOf({ main, others }: RoleRule, { hidden }: Role): Group {
  return { ...(hidden || others === undefined ? main : others), layout: LAYOUT };
}

/**
 * Roles of variables that are seen together for the first time.
 *
 * @param isFirst - No variables were seen before. Only then is one of them the output layer by rule: later ones are layers that were frozen.
 * @throws {ParameterError} if `hidden` chooses a variable that is not a matrix.
 */
export function rolesOfVariables(
  variables: readonly ParameterShape[],
  { others, hidden }: RoleRule,
  isFirst: boolean,
): Role[] {
  if (others === undefined) return variables.map(() => ({ hidden: true, reason: "the optimizer of all variables" }));
  const roles = (set: readonly ParameterShape[]): Role[] => rolesOf(set, hidden, () => LAYOUT);
  if (!isFirst) return variables.flatMap((variable) => roles([variable]));
  // A matrix beside its bias alone is the head of a frozen base, or all of a model; in either case its last.
  const isHead = hidden === "auto" && variables.length > 1;
  return isHead ? roles([BASE, ...variables]).slice(1) : roles(variables);
}

/** A variable of a model, with its role. */
export interface ModelVariable {
  readonly variable: tf.Variable;
  readonly role: Role;
  /** Not frozen. */
  readonly isTrained: boolean;
}

/**
 * All variables of a model, frozen ones included, with roles by layer: outputs, embeddings, hidden matrices.
 *
 * @throws {ParameterError} for a model without weights, and as {@link rolesOfVariables}.
 */
export function variablesOf(model: Model, rule: RoleRule): ModelVariable[] {
  const heads = headsOf(model.outputs ?? []);
  const variables = layersOf(model).flatMap((layer) => {
    const trained = new Set(layer.trainableWeights);
    return layer.weights.map((weight) => {
      const variable = weight.read() as tf.Variable;
      return { variable, role: roleIn(layer, variable, heads, rule), isTrained: trained.has(weight) };
    });
  });
  if (variables.length > 0) return variables;
  throw new ParameterError(
    "model",
    "expected a model that was built, got one without weights; give its first layer an inputShape",
  );
}

function roleIn(layer: Layer, { name, shape }: tf.Variable, heads: ReadonlySet<unknown>, rule: RoleRule): Role {
  if (rule.others === undefined || rule.hidden !== "auto") return rolesOfVariables([{ name, shape }], rule, false)[0]!;
  if (layer.getClassName() === "Embedding") return { hidden: false, reason: "an embedding" };
  // The layer is known, so its name must not decide.
  const [role] = rolesOfVariables([{ name: "weight", shape }], rule, false);
  return role!.hidden && heads.has(layer) ? { hidden: false, reason: "an output layer" } : role!;
}

function layersOf(model: Model): Layer[] {
  return model.layers.flatMap((layer) => (isModel(layer) ? layersOf(layer) : [layer]));
}

/** The last layer with a matrix before each output; activations and normalizations may follow it. */
function headsOf(outputs: readonly Output[]): Set<Layer> {
  const heads = new Set<Layer>();
  const waiting = [...outputs];
  for (let output = waiting.pop(); output !== undefined; output = waiting.pop()) {
    const { sourceLayer: layer, inputs } = output;
    if (isModel(layer)) waiting.push(...layer.outputs);
    else if (layer.weights.some(({ shape }) => shape.length > 1)) heads.add(layer);
    else if (inputs.length === 1) waiting.push(inputs[0]!);
  }
  return heads;
}

/** Whether a value is a `tf.LayersModel`, also of another copy of tfjs. */
export const isModel = (value: unknown): value is Model =>
  typeof value === "object" && value !== null && "layers" in value && Array.isArray(value.layers);
