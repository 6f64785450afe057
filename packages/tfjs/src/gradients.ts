import { describe, GradientShapeError, GradientTypeError, ParameterError } from "@sumo/core";
import * as tf from "@tensorflow/tfjs-core";

/** Gradients in tfjs's forms: by name, or in a list. The tensor is absent for a variable without a gradient. */
export type VariableGradients = Parameters<tf.Optimizer["applyGradients"]>[0];

/** Variables of one step in the given order, with their gradients, if any. */
export type Gradients = ReadonlyMap<tf.Variable, tf.Tensor | undefined>;

/**
 * Resolves names to variables and checks both variables and gradients. Variables without elements are omitted.
 *
 * @throws {GradientTypeError} @throws {GradientShapeError} @throws {ParameterError}
 */
export function gradientsOf(given: unknown): Gradients {
  const gradients = new Map<tf.Variable, tf.Tensor | undefined>();
  for (const [name, value] of entriesOf(given)) {
    const variable = variableOf(name);
    // tfjs leaves the tensor out where a variable has no gradient, whatever its types say.
    const gradient = value == null ? undefined : checked(variable, value);
    if (variable.size === 0 || (gradient === undefined && variable.dtype !== "float32")) continue;
    if (gradients.has(variable) && gradients.get(variable) !== gradient) {
      throw new ParameterError(name, "expected one gradient, got two");
    }
    gradients.set(variable, gradient);
  }
  return gradients;
}

function entriesOf(given: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (Array.isArray(given)) {
    return given.map((entry: unknown, i) => {
      if (typeof entry === "object" && entry !== null && "name" in entry && typeof entry.name === "string") {
        return [entry.name, "tensor" in entry ? entry.tensor : undefined];
      }
      throw new GradientTypeError(undefined, "{ name, tensor } in the list", `${describe(entry)} at ${i}`);
    });
  }
  if (given instanceof Map) {
    return [...given].map(([key, value]) => [key instanceof tf.Variable ? key.name : String(key), value]);
  }
  if (typeof given !== "object" || given === null || given instanceof tf.Tensor || ArrayBuffer.isView(given)) {
    throw new GradientTypeError(
      undefined,
      "an object of tensors by name, or a list of { name, tensor }",
      describe(given),
    );
  }
  return Object.entries(given);
}

function variableOf(name: string): tf.Variable {
  const { registeredVariables } = tf.engine();
  if (Object.hasOwn(registeredVariables, name)) return registeredVariables[name]!;
  throw new ParameterError(name, "no variable of tfjs has this name, or it was disposed of");
}

function checked(variable: tf.Variable, gradient: unknown): tf.Tensor {
  const { name, shape, dtype } = variable;
  if (!(gradient instanceof tf.Tensor)) {
    throw new GradientTypeError(name, "a tensor", `${describe(gradient)}; tf.tensor(values, shape) makes one`);
  }
  if (gradient.isDisposed) throw new GradientTypeError(name, "a tensor", "one that was disposed of");
  if (dtype !== "float32") throw new ParameterError(name, `expected a float32 variable, got one of ${dtype}`);
  if (gradient.shape.join() !== shape.join()) throw new GradientShapeError(name, shape, gradient.shape);
  if (gradient.dtype !== "float32") throw new GradientTypeError(name, "float32", gradient.dtype);
  return gradient;
}
