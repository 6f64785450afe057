import {
  type AdamwOptions,
  type CreateOptions,
  type ParameterShape,
  type Schedule,
  type ScheduleSpec,
  schedule,
} from "@sumo/core";
import type * as tf from "@tensorflow/tfjs";

/** Decides by name (a pattern that is searched for) or by predicate which variables are hidden matrices. */
export type HiddenChoice = RegExp | ((variable: ParameterShape) => boolean);

/** Which variables an optimizer for matrices is for, and what the others get. */
export interface GroupingOptions {
  /**
   * The hidden matrices. By default they are found by rule: no vectors, no embeddings (by name), not the last matrix (the output layer).
   * `report()` says what each variable got and why. A predicate cannot be saved with a model, a pattern can.
   */
  readonly hidden?: HiddenChoice;
  /** AdamW's options for all other variables. Default: the same learning rate, no weight decay. */
  readonly others?: Partial<Omit<AdamwOptions, "optimizer">>;
}

/** The part of a configuration that every optimizer has, beside core's options of its algorithm. */
export interface StepOptions extends Pick<CreateOptions<never, never>, "onNonFinite" | "microBatches"> {}

/** The part of a configuration that does not depend on the algorithm. */
export interface Config extends GroupingOptions, StepOptions {
  readonly lr: number | Schedule;
}

/**
 * A configuration as plain JSON. tf.layers rewrites strings that it saves as if they were names (capitals and underscores change), so a
 * pattern is kept as code points.
 *
 * @throws {TypeError} for a predicate, which has no JSON.
 */
export function toConfigDict(config: Config): tf.serialization.ConfigDict {
  const { hidden, ...rest } = config;
  if (typeof hidden === "function") {
    throw new TypeError(
      "a predicate `hidden` cannot be saved with a model; use a RegExp, or save without the optimizer",
    );
  }
  const plain = JSON.parse(JSON.stringify(rest)) as tf.serialization.ConfigDict;
  return hidden === undefined ? plain : { ...plain, hidden: codePoints(`/${hidden.source}/${hidden.flags}`) };
}

/** The inverse of {@link toConfigDict}. tf.layers adds `customObjects`, and turns what is undefined into null. */
export function fromConfigDict({ customObjects: _, ...dict }: tf.serialization.ConfigDict): Config {
  const { hidden, lr, others, ...rest } = withoutNulls(dict) as Record<string, unknown>;
  return {
    ...rest,
    lr: rateOf(lr),
    ...(others !== undefined && { others: othersOf(others as Record<string, unknown>) }),
    ...(hidden !== undefined && { hidden: patternOf(hidden as number[]) }),
  };
}

const codePoints = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0)!);

function patternOf(points: readonly number[]): RegExp {
  const text = String.fromCodePoint(...points);
  const end = text.lastIndexOf("/");
  return new RegExp(text.slice(1, end), text.slice(end + 1));
}

function othersOf(others: Record<string, unknown>): NonNullable<GroupingOptions["others"]> {
  return "lr" in others ? { ...others, lr: rateOf(others["lr"]) } : others;
}

const rateOf = (lr: unknown): number | Schedule =>
  typeof lr === "object" ? schedule(lr as ScheduleSpec) : (lr as number);

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutNulls(entry)]));
}
