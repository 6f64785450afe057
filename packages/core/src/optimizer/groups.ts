import { type AdamwOptions, adamwSettings } from "../algorithms/adamw.ts";
import { algorithms, type OptimizerOptions, type OptimizerSettings, settingsOf } from "../algorithms/algorithms.ts";
import type { Layout } from "../algorithms/steps/scale.ts";
import { OptimizerOptionError, ParameterError } from "../errors.ts";
import { checkParameters, flattened, isMatrix, type ParameterShape, type Part, partsOf } from "./parameter.ts";
import { type HiddenChoice, rolesOf } from "./roles.ts";

/** An optimizer's options, and the parameters that they apply to. */
export type Group = OptimizerOptions & GroupOptions;

/** A group of parameters with an optimizer of its own. */
export interface GroupOptions {
  /** A whole name, a pattern, or a predicate on name and shape. Without it the group takes every parameter. The first group that matches wins. */
  readonly match?: string | RegExp | ((parameter: ParameterShape) => boolean);
  /**
   * The axis of outputs, for all parameters or for each. Default `"out-in"`. Kernels of convolutions are flattened to outputs × everything
   * else.
   */
  readonly layout?: Layout | ((parameter: ParameterShape) => Layout);
  /** Rows of the matrices in a fused weight, e.g. queries, keys and values, each of which gets its own state. */
  readonly split?: readonly number[];
  /** Hidden matrices, to which a single group for matrices applies; all other parameters get AdamW. Default: every matrix. */
  readonly hidden?: HiddenChoice;
  /** AdamW's options for all other parameters of a single group. Default: the same learning rate, no weight decay. */
  readonly others?: Partial<Omit<AdamwOptions, "optimizer">>;
}

/** The optimizer of one parameter, and the reason for it. */
export interface Assignment {
  readonly parameter: ParameterShape;
  readonly settings: OptimizerSettings;
  readonly layout: Layout;
  readonly parts: readonly Part[];
  /** Reason for the optimizer, for `plan` and `report`. */
  readonly reason: string;
}

/**
 * Assigns an optimizer to every parameter.
 *
 * A single group applies where it can: if its optimizer works on matrices, vectors fall back to AdamW at the same learning rate, and the
 * reason says so. In a list, a parameter that no group matches, or a vector in a group for matrices, is an error.
 *
 * @throws {OptimizerOptionError} @throws {ParameterError}
 */
export function assignGroups(parameters: readonly ParameterShape[], options: Group | readonly Group[]): Assignment[] {
  checkParameters(parameters);
  const assignments = isList(options) ? assignByMatch(parameters, options) : assignSingle(parameters, options);
  checkParts(assignments);
  return assignments;
}

function assignByMatch(parameters: readonly ParameterShape[], options: readonly Group[]): Assignment[] {
  const groups = options.map((group) => {
    if (isObject(group) && (group.hidden !== undefined || group.others !== undefined)) {
      throw new OptimizerOptionError("hidden", "a single group, not a list, for `hidden` and `others`", options);
    }
    return parseGroup(group);
  });
  return parameters.map((parameter) => {
    const group = groups.find(({ match }) => matches(match, parameter));
    if (group === undefined) throw noGroup(parameter);
    const { match } = group;
    const how =
      match === undefined ? "no other group matched" : `matched ${typeof match === "function" ? "a predicate" : match}`;
    return assign(parameter, group, how);
  });
}

const noGroup = ({ name }: ParameterShape): ParameterError =>
  new ParameterError(name, "no group matches it; add one, or a last group without `match`");

function assignSingle(parameters: readonly ParameterShape[], options: Group): Assignment[] {
  const main = parseGroup(options);
  const { hidden, others } = options;
  const missed = parameters.find((parameter) => !matches(main.match, parameter));
  if (missed !== undefined) throw noGroup(missed);
  const { optimizer, lr } = main.settings;
  if ((hidden !== undefined || others !== undefined) && !algorithms[optimizer].needsMatrix) {
    throw new OptimizerOptionError(
      hidden === undefined ? "others" : "hidden",
      `nothing: ${optimizer} takes every parameter`,
      hidden ?? others,
    );
  }
  if (others !== undefined && !isObject(others)) {
    throw new OptimizerOptionError("others", "an object of AdamW's options", others);
  }
  const rest: ParsedGroup = {
    ...main,
    split: undefined,
    settings: adamwSettings({ lr, ...others, optimizer: "adamw" }),
  };
  if (hidden === undefined) {
    return parameters.map((parameter) => {
      const isForAll = !algorithms[optimizer].needsMatrix || isMatrix(parameter.shape, main.layoutOf(parameter));
      return isForAll
        ? assign(parameter, main, "the only group")
        : assign(
            parameter,
            rest,
            `[${parameter.shape.join(", ")}] is no matrix: AdamW${others === undefined ? " at the same learning rate, without weight decay" : ""}`,
          );
    });
  }
  const roles = rolesOf(parameters, hidden, main.layoutOf);
  return parameters.map((parameter, i) => assign(parameter, roles[i]!.hidden ? main : rest, roles[i]!.reason));
}

/** Checks that no part of a split parameter has another parameter's name. @throws {ParameterError} */
function checkParts(assignments: readonly Assignment[]): void {
  const seen = new Set<string>();
  for (const { name } of assignments.flatMap(({ parts }) => parts)) {
    if (seen.has(name)) throw new ParameterError(name, "is both a parameter and a part of a split one; rename it");
    seen.add(name);
  }
}

interface ParsedGroup {
  readonly match: GroupOptions["match"];
  readonly layoutOf: (parameter: ParameterShape) => Layout;
  readonly split: readonly number[] | undefined;
  readonly settings: OptimizerSettings;
}

function parseGroup(group: Group): ParsedGroup {
  if (!isObject(group)) {
    throw new OptimizerOptionError(
      "options",
      'an object such as { optimizer: "sumo", lr: 0.01 }, or a list of such',
      group,
    );
  }
  const { match, layout = "out-in", split, hidden: _, others: __, ...options } = group;
  const layoutOf = (parameter: ParameterShape): Layout =>
    checkedLayout(typeof layout === "function" ? layout(parameter) : layout);
  if (typeof layout !== "function") checkedLayout(layout);
  if (
    split !== undefined &&
    !(Array.isArray(split) && split.length > 0 && split.every((rows) => Number.isSafeInteger(rows) && rows >= 1))
  ) {
    throw new OptimizerOptionError("split", "a list of row counts", split);
  }
  if (match !== undefined && typeof match !== "string" && typeof match !== "function" && !(match instanceof RegExp)) {
    throw new OptimizerOptionError("match", "a name, a RegExp or a predicate", match);
  }
  return { match, layoutOf, split, settings: settingsOf(options as OptimizerOptions) };
}

/** @throws {OptimizerOptionError} */
function checkedLayout(layout: Layout): Layout {
  if (layout === "out-in" || layout === "in-out") return layout;
  throw new OptimizerOptionError("layout", '"out-in" or "in-out"', layout);
}

function matches(match: GroupOptions["match"], parameter: ParameterShape): boolean {
  if (match === undefined) return true;
  if (typeof match === "string") return match === parameter.name;
  return typeof match === "function" ? match(parameter) : parameter.name.search(match) >= 0;
}

/** @throws {ParameterError} for a vector under an optimizer for matrices. */
function assign(parameter: ParameterShape, { layoutOf, split, settings }: ParsedGroup, why: string): Assignment {
  const { name, shape } = parameter;
  const { optimizer } = settings;
  const layout = layoutOf(parameter);
  if (algorithms[optimizer].needsMatrix && !isMatrix(shape, layout)) {
    const needed = `${optimizer} needs one; put it into a group with "adamw" or "sgd"`;
    throw new ParameterError(name, `[${shape.join(", ")}] is no matrix, ${needed}`);
  }
  const [rows, cols] = flattened(shape, layout);
  const flat = shape.length > 2 ? `; flattened to ${rows} x ${cols}` : "";
  const parts = partsOf(parameter, layout, split);
  const pieces =
    parts.length > 1 ? `; split into ${parts.map((part) => `${part.rows} x ${part.cols}`).join(", ")}` : "";
  return { parameter, settings, layout, parts, reason: `${why}${flat}${pieces}` };
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (options: Group | readonly Group[]): options is readonly Group[] => Array.isArray(options);
