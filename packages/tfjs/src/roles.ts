import { type AdamwOptions, type Group, type OptimizerOptions, ParameterError, type ParameterShape } from "@sumo/core";
import type { HiddenChoice } from "./config.ts";

/** The rule by which an optimizer class tells variables apart. */
export interface RoleRule {
  readonly main: OptimizerOptions;
  /** For variables that are no hidden matrices. `undefined`: all variables get `main`. */
  readonly others: AdamwOptions | undefined;
  readonly hidden: HiddenChoice | undefined;
}

/** The options of core that a variable of this role gets. tfjs kernels are inputs × outputs. */
export function groupOf({ main, others }: RoleRule, { hidden }: Role): Group {
  return { ...(hidden || others === undefined ? main : others), layout: "in-out" };
}

/** Whether a variable is a hidden matrix, and the reason for it. */
export interface Role {
  readonly hidden: boolean;
  readonly reason: string;
}

/**
 * Which variables are hidden matrices. By rule: no vectors, nothing named an embedding, and not the last of several matrices, which is
 * taken for the output layer. With a choice: exactly those that it chooses.
 *
 * @param isFirst - No variables were seen before these: only then is one of them taken for the output layer.
 * @throws {ParameterError} if `hidden` chooses a variable that is no matrix.
 */
export function rolesOf(variables: readonly ParameterShape[], { others, hidden }: RoleRule, isFirst: boolean): Role[] {
  if (others === undefined) return variables.map(() => ({ hidden: true, reason: "the optimizer of all variables" }));
  if (hidden !== undefined) return variables.map((variable) => chosenRole(variable, hidden));
  const candidates = variables.filter(({ name, shape }) => isMatrix(shape) && !EMBEDDING.test(name));
  const output = isFirst && candidates.length > 1 ? candidates.at(-1) : undefined;
  return variables.map((variable): Role => {
    if (!isMatrix(variable.shape)) return { hidden: false, reason: `[${variable.shape.join(", ")}] is no matrix` };
    if (EMBEDDING.test(variable.name)) return { hidden: false, reason: "named an embedding" };
    if (variable === output) return { hidden: false, reason: "the last matrix, taken for the output layer" };
    return { hidden: true, reason: "a hidden matrix" };
  });
}

const EMBEDDING = /embed/i;

function chosenRole(variable: ParameterShape, choice: HiddenChoice): Role {
  const hidden = choice instanceof RegExp ? variable.name.search(choice) >= 0 : choice(variable);
  if (hidden && !isMatrix(variable.shape)) {
    throw new ParameterError(variable.name, `chosen by \`hidden\`, but [${variable.shape.join(", ")}] is no matrix`);
  }
  return { hidden, reason: hidden ? "chosen by `hidden`" : "not chosen by `hidden`" };
}

/** Whether inputs × outputs has two sides: outputs are the last axis, all others together are the inputs. */
function isMatrix(shape: readonly number[]): boolean {
  const outputs = shape.at(-1) ?? 1;
  return shape.length >= 2 && outputs > 1 && shape.slice(0, -1).some((length) => length > 1);
}
