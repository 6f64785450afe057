import { adamwSettings } from "../algorithms/adamw.ts";
import { algorithms, type OptimizerOptions, type OptimizerSettings, settingsOf } from "../algorithms/algorithms.ts";
import type { Layout } from "../algorithms/steps/scale.ts";
import { OptimizerOptionError, ParameterError } from "../errors.ts";
import { flattened, isMatrix, type ParameterShape, type Part, partsOf } from "./parameter.ts";

/** An optimizer's options, and the parameters that they apply to. */
export type Group = OptimizerOptions & GroupOptions;

export interface GroupOptions {
  /** A whole name, a pattern, or a predicate on name and shape. Without it the group takes every parameter. The first group that matches wins. */
  readonly match?: string | RegExp | ((parameter: ParameterShape) => boolean);
  /** The axis of outputs. Default `"out-in"`. Kernels of convolutions are flattened to outputs × everything else. */
  readonly layout?: Layout;
  /** Rows of the matrices in a fused weight, e.g. queries, keys and values, each of which gets its own state. */
  readonly split?: readonly number[];
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
  const groups = (isList(options) ? options : [options]).map(parseGroup);
  const assignments = parameters.map((parameter) => {
    const group = groups.find(({ match }) => matches(match, parameter));
    if (group === undefined) {
      throw new ParameterError(parameter.name, "no group matches it; add one, or a last group without `match`");
    }
    return assign(parameter, group, isList(options));
  });
  checkParts(assignments);
  return assignments;
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
  readonly layout: Layout;
  readonly split: readonly number[] | undefined;
  readonly settings: OptimizerSettings;
}

function parseGroup(group: Group): ParsedGroup {
  if (typeof group !== "object" || group === null || Array.isArray(group)) {
    throw new OptimizerOptionError(
      "options",
      'an object such as { optimizer: "sumo", lr: 0.01 }, or a list of such',
      group,
    );
  }
  const { match, layout = "out-in", split, ...options } = group;
  if (layout !== "out-in" && layout !== "in-out") {
    throw new OptimizerOptionError("layout", '"out-in" or "in-out"', layout);
  }
  if (
    split !== undefined &&
    !(Array.isArray(split) && split.length > 0 && split.every((rows) => Number.isSafeInteger(rows) && rows >= 1))
  ) {
    throw new OptimizerOptionError("split", "a list of row counts", split);
  }
  if (match !== undefined && typeof match !== "string" && typeof match !== "function" && !(match instanceof RegExp)) {
    throw new OptimizerOptionError("match", "a name, a RegExp or a predicate", match);
  }
  return { match, layout, split, settings: settingsOf(options as OptimizerOptions) };
}

function matches(match: GroupOptions["match"], parameter: ParameterShape): boolean {
  if (match === undefined) return true;
  if (typeof match === "string") return match === parameter.name;
  return typeof match === "function" ? match(parameter) : parameter.name.search(match) >= 0;
}

function assign(
  parameter: ParameterShape,
  { match, layout, split, settings }: ParsedGroup,
  strict: boolean,
): Assignment {
  const { name, shape } = parameter;
  const { optimizer } = settings;
  const [rows, cols] = flattened(shape, layout);
  if (algorithms[optimizer].needsMatrix && !isMatrix(shape, layout)) {
    const what = `[${shape.join(", ")}] is no matrix`;
    if (strict)
      throw new ParameterError(name, `${what}, ${optimizer} needs one; put it into a group with "adamw" or "sgd"`);
    return {
      parameter,
      settings: adamwSettings({ optimizer: "adamw", lr: settings.lr }),
      layout,
      parts: [{ name, firstRow: 0, rows, cols }],
      reason: `${what}: AdamW at the same learning rate, without weight decay`,
    };
  }
  const how =
    match === undefined ? "no other group matched" : `matched ${typeof match === "function" ? "a predicate" : match}`;
  const flat = shape.length > 2 ? `; flattened to ${rows} x ${cols}` : "";
  const parts = partsOf(parameter, layout, split);
  const pieces =
    parts.length > 1 ? `; split into ${parts.map((part) => `${part.rows} x ${part.cols}`).join(", ")}` : "";
  return { parameter, settings, layout, parts, reason: `${strict ? how : "the only group"}${flat}${pieces}` };
}

const isList = (options: Group | readonly Group[]): options is readonly Group[] => Array.isArray(options);
