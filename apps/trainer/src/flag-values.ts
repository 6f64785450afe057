// What the command line takes for an option. Each check throws commander's error, which the user sees as one line.
import type { OptimizerName } from "@sumo/core";
import { InvalidArgumentError } from "commander";
import { OPTIMIZERS } from "./options.ts";
import { BYTES, MOST_TOKENS } from "./tokenizer.ts";

/** A whole number, written in digits. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number >= ${least}.`);
    }
    return value;
  };
}

/** `sumo,adamw`. */
export function optimizers(text: string): OptimizerName[] {
  const names = text.split(",");
  const stranger = names.find((name) => !(OPTIMIZERS as readonly string[]).includes(name));
  if (stranger !== undefined)
    throw new InvalidArgumentError(`Expected names from ${OPTIMIZERS.join(", ")}, with commas between.`);
  return names as OptimizerName[];
}

/** `lr=0.001,0.01`. */
export function rates(text: string): number[] {
  if (!text.startsWith("lr=")) throw new InvalidArgumentError("Expected lr=a,b,c.");
  return text.slice("lr=".length).split(",").map(positive);
}

/** A number of tokens: the bytes and what is learned beside them. */
export function vocabulary(text: string): number {
  const value = whole(BYTES)(text);
  if (value > MOST_TOKENS) throw new InvalidArgumentError(`Expected at most ${MOST_TOKENS}.`);
  return value;
}

/** A number above 0. */
export function positive(text: string): number {
  return between(0, Number.POSITIVE_INFINITY, "()")(text);
}

/** A number in an interval; the brackets say which ends belong to it. */
export function between(from: number, to: number, ends: "[]" | "[)" | "(]" | "()"): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const above = ends[0] === "[" ? value >= from : value > from;
    const below = ends[1] === "]" ? value <= to : value < to;
    if (!(above && below)) throw new InvalidArgumentError(`Expected a number in ${ends[0]}${from}, ${to}${ends[1]}.`);
    return value;
  };
}

/** Any text but none. */
export function nonEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected at least one character.");
  return text;
}

/** A name that is a folder's name on every system. */
export function runName(text: string): string {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(text))
    throw new InvalidArgumentError("Expected letters, digits, dots, dashes and underscores.");
  return text;
}
