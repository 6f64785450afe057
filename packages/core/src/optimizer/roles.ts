import type { Layout } from "../algorithms/steps/scale.ts";
import { OptimizerOptionError, ParameterError } from "../errors.ts";
import { checkParameters, isMatrix, type ParameterShape } from "./parameter.ts";

/**
 * Which parameters are hidden matrices: `"auto"` by rule, a pattern that is searched for in the name, or a predicate.
 *
 * By rule a hidden matrix is not a vector, has no `embed` in its name, and is not the last of several matrices, which is taken for the output
 * layer.
 */
export type HiddenChoice = "auto" | RegExp | ((parameter: ParameterShape) => boolean);

/** Whether a parameter is a hidden matrix, and the reason. */
export interface Role {
  readonly hidden: boolean;
  readonly reason: string;
}

/**
 * Role of every parameter, in the order given.
 *
 * @param layoutOf - Axis of outputs; see `Group`.
 * @throws {OptimizerOptionError} for a choice that is none. @throws {ParameterError} if it chooses a parameter that is not a matrix.
 */
export function rolesOf(
  parameters: readonly ParameterShape[],
  choice: HiddenChoice,
  layoutOf: (parameter: ParameterShape) => Layout,
): Role[] {
  checkParameters(parameters);
  if (typeof layoutOf !== "function") throw new OptimizerOptionError("layoutOf", "a function", layoutOf);
  if (choice !== "auto" && typeof choice !== "function" && !(choice instanceof RegExp)) {
    throw new OptimizerOptionError("hidden", '"auto", a RegExp or a predicate', choice);
  }
  const areMatrices = parameters.map((parameter) => isMatrix(parameter.shape, layoutOf(parameter)));
  const notMatrix = ({ shape }: ParameterShape): string => `[${shape.join(", ")}] is no matrix`;
  if (choice !== "auto") {
    return parameters.map((parameter, i) => {
      const hidden = choice instanceof RegExp ? parameter.name.search(choice) >= 0 : Boolean(choice(parameter));
      if (hidden && !areMatrices[i]) {
        throw new ParameterError(parameter.name, `chosen by \`hidden\`, but ${notMatrix(parameter)}`);
      }
      return { hidden, reason: hidden ? "chosen by `hidden`" : "not chosen by `hidden`" };
    });
  }
  const candidates = parameters.filter(({ name }, i) => areMatrices[i] && !EMBEDDING.test(name));
  const output = candidates.length > 1 ? candidates.at(-1) : undefined;
  return parameters.map((parameter, i): Role => {
    if (!areMatrices[i]) return { hidden: false, reason: notMatrix(parameter) };
    if (EMBEDDING.test(parameter.name)) return { hidden: false, reason: "named an embedding" };
    if (parameter === output) return { hidden: false, reason: "the last matrix, taken for the output layer" };
    return { hidden: true, reason: "a hidden matrix" };
  });
}

const EMBEDDING = /embed/i;
