import { type AdamwOptions, type Group, type OptimizerOptions, ParameterError, type ParameterShape } from "@sumo/core";
import type { HiddenChoice } from "./config.ts";

/** The rule by which an optimizer class groups variables. */
export interface GroupRule {
  readonly main: OptimizerOptions;
  /** For variables that are no hidden matrices. `undefined`: all variables get `main`. */
  readonly others: AdamwOptions | undefined;
  readonly hidden: HiddenChoice | undefined;
}

/** Groups for core, and by position the reason of each. */
export interface GroupChoice {
  readonly groups: readonly Group[];
  readonly reasons: readonly string[];
}

/**
 * Finds every variable's optimizer.
 *
 * @param names - What core calls the variables.
 * @throws {ParameterError} if `hidden` chooses a variable that is no matrix.
 */
export function groupsFor(
  { main, others, hidden }: GroupRule,
  variables: readonly ParameterShape[],
  names: readonly string[],
): GroupChoice {
  // tfjs kernels are inputs × outputs.
  const layout = "in-out";
  if (others === undefined) {
    return { groups: [{ ...main, layout }], reasons: variables.map(() => "the optimizer of all variables") };
  }
  const roles = rolesOf(variables, hidden);
  const chosen = new Set(names.filter((_, i) => roles[i]!.hidden));
  return {
    groups: [
      { ...main, layout, match: ({ name }) => chosen.has(name) },
      { ...others, layout },
    ],
    reasons: roles.map(({ reason }) => reason),
  };
}

/** The role of a variable, and the reason for it. */
interface Role {
  readonly hidden: boolean;
  readonly reason: string;
}

/**
 * Which variables are hidden matrices. By rule: no vectors, nothing named an embedding, and not the last of several matrices, which is
 * taken for the output layer. With a choice: exactly those that it chooses.
 */
function rolesOf(variables: readonly ParameterShape[], choice: HiddenChoice | undefined): Role[] {
  if (choice !== undefined) return variables.map((variable) => chosenRole(variable, choice));
  const candidates = variables.filter(({ name, shape }) => isMatrix(shape) && !EMBEDDING.test(name));
  const output = candidates.length > 1 ? candidates.at(-1) : undefined;
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
