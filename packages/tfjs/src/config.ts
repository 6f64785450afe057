import {
  type AdamwOptions,
  algorithms,
  type CreateOptions,
  checkOptionNames,
  type HiddenChoice,
  type LearningRate,
  type OptimizerName,
  OptimizerOptionError,
  type ScheduleSpec,
  schedule,
} from "@sumo/core";
import type * as tf from "@tensorflow/tfjs-core";

/** Assignment of variables to an optimizer for matrices and to AdamW. */
export interface GroupingOptions {
  /**
   * Hidden matrices. Default `"auto"`: from the layers of a model that was passed to `plan`, else by core's rule. `report()` has the reason
   * for each variable. A pattern can be saved with a model, a predicate cannot.
   */
  readonly hidden?: HiddenChoice;
  /** AdamW's options for all other variables. Default: the same learning rate, no weight decay. */
  readonly others?: Partial<Omit<AdamwOptions, "optimizer">>;
}

/** Options of a step, common to all optimizers. */
export interface StepOptions extends Pick<CreateOptions<never, never>, "onNonFinite" | "microBatches"> {
  /** Largest joint norm of the gradients of a step, means of its micro-batches, which are scaled down to it by one factor. Default: no limit. */
  readonly clip?: number;
}

/** Options that do not depend on the algorithm. */
export interface Config extends GroupingOptions, StepOptions {
  readonly lr: LearningRate;
}

/**
 * Parses a constructor's argument: options, or the learning rate alone, as in `tf.train.adam(0.01)`.
 *
 * @throws {OptimizerOptionError} for any other argument, an unknown name, or an invalid `hidden` or `others`.
 */
export function configOf<C extends Config>(optimizer: OptimizerName, given: C | LearningRate): C {
  if (typeof given === "number" || typeof given === "function") return { lr: given } as C;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new OptimizerOptionError("config", "a learning rate, or an object such as { lr: 0.01 }", given);
  }
  const grouping = algorithms[optimizer].needsMatrix ? ["hidden", "others"] : [];
  const known = [...algorithms[optimizer].options, ...grouping, "onNonFinite", "microBatches", "clip"];
  checkOptionNames(`${algorithms[optimizer].title}'s`, given, known);
  const { hidden, others } = given;
  if (hidden !== undefined && hidden !== "auto" && typeof hidden !== "function" && !(hidden instanceof RegExp)) {
    throw new OptimizerOptionError("hidden", '"auto", a RegExp or a predicate', hidden);
  }
  if (others !== undefined && (typeof others !== "object" || others === null)) {
    throw new OptimizerOptionError("others", "an object of AdamW's options", others);
  }
  return given;
}

/**
 * Options as plain JSON. tf.layers changes capitals and underscores of the strings that it saves, so a pattern is stored as code points.
 *
 * @throws {OptimizerOptionError} for functions, which have no JSON.
 */
export function toConfigDict(config: Config): tf.serialization.ConfigDict {
  const { hidden, ...rest } = config;
  if (typeof hidden === "function") {
    throw new OptimizerOptionError("hidden", `a RegExp, ${TO_BE_SAVED}`, hidden);
  }
  for (const lr of [config.lr, config.others?.lr]) {
    if (typeof lr !== "function" || "spec" in lr) continue;
    throw new OptimizerOptionError("lr", `a number, or a schedule of @sumo/core, ${TO_BE_SAVED}`, lr);
  }
  const plain = JSON.parse(JSON.stringify(rest)) as tf.serialization.ConfigDict;
  return hidden === undefined || hidden === "auto"
    ? plain
    : { ...plain, hidden: codePoints(`/${hidden.source}/${hidden.flags}`) };
}

/** Inverse of {@link toConfigDict}. tf.layers adds `customObjects` and replaces undefined by null. */
export function fromConfigDict({ customObjects: _, ...dict }: tf.serialization.ConfigDict): Config {
  const { hidden, lr, others, ...rest } = withoutNulls(dict) as Record<string, unknown>;
  return {
    ...rest,
    lr: rateOf(lr),
    ...(others !== undefined && { others: othersOf(others as Record<string, unknown>) }),
    ...(hidden !== undefined && { hidden: patternOf(hidden as number[]) }),
  };
}

const TO_BE_SAVED = "to be saved with a model (it can be saved without the optimizer)";

const codePoints = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0)!);

function patternOf(points: readonly number[]): RegExp {
  const text = String.fromCodePoint(...points);
  const end = text.lastIndexOf("/");
  return new RegExp(text.slice(1, end), text.slice(end + 1));
}

function othersOf(others: Record<string, unknown>): NonNullable<GroupingOptions["others"]> {
  return "lr" in others ? { ...others, lr: rateOf(others["lr"]) } : others;
}

const rateOf = (lr: unknown): LearningRate => (typeof lr === "object" ? schedule(lr as ScheduleSpec) : (lr as number));

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutNulls(entry)]));
}
