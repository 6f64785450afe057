// Parsers of option values. Each throws commander's error for a bad value, which is printed as one line.
import { InvalidArgumentError } from "commander";

/** Parser of integers from `least` to `most`, in digits. */
export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number >= ${least}.`);
    }
    if (value > most) throw new InvalidArgumentError(`Expected at most ${most}.`);
    return value;
  };
}

/** Parser of one of a few numbers. */
export function oneOf<N extends number>(values: readonly N[]): (text: string) => N {
  return (text) => {
    const value = values.find((each) => String(each) === text);
    if (value === undefined) throw new InvalidArgumentError(`Expected ${values.join(" or ")}.`);
    return value;
  };
}

/** Parser of names from a list, with commas between: `sumo,adamw`. */
export function namesFrom<N extends string>(known: readonly N[]): (text: string) => N[] {
  return (text) => {
    const names = text.split(",");
    const stranger = names.find((name) => !(known as readonly string[]).includes(name));
    if (stranger !== undefined)
      throw new InvalidArgumentError(`Expected names from ${known.join(", ")}, with commas between.`);
    return names as N[];
  };
}

/** Parses learning rates of a sweep: `lr=0.001,0.01`. */
export function rates(text: string): number[] {
  if (!text.startsWith("lr=")) throw new InvalidArgumentError("Expected lr=a,b,c.");
  return text.slice("lr=".length).split(",").map(positive);
}

/** Parses a positive number. */
export function positive(text: string): number {
  return between(0, Number.POSITIVE_INFINITY, "()")(text);
}

/** Parser of numbers in an interval; the brackets say which ends belong to it. */
export function between(from: number, to: number, ends: "[]" | "[)" | "(]" | "()"): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const above = ends[0] === "[" ? value >= from : value > from;
    const below = ends[1] === "]" ? value <= to : value < to;
    if (!(above && below)) throw new InvalidArgumentError(`Expected a number in ${ends[0]}${from}, ${to}${ends[1]}.`);
    return value;
  };
}

/** Parses a text that is not empty. */
export function nonEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected at least one character.");
  return text;
}

/** Parses the name of a run: a folder name that is valid on every system. */
export function runName(text: string): string {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(text))
    throw new InvalidArgumentError("Expected letters, digits, dots, dashes and underscores.");
  return text;
}
