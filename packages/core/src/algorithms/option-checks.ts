import { OptimizerOptionError } from "../errors.ts";
import { checkOptionNames } from "./option-names.ts";

/** Checks an option. Returns the expected value in words, or `undefined` if the option is valid. */
export type OptionCheck = (value: unknown) => string | undefined;

/** A check for every option, without the two common ones. */
export type OptionChecks<O> = { readonly [K in Exclude<keyof O, "optimizer" | "lr">]-?: OptionCheck };

/** Names of the options, for the table of algorithms. */
export const namesOf = (checks: object): readonly string[] => ["lr", ...Object.keys(checks)];

/** Refuses unknown names and values out of range, `undefined` included. @throws {OptimizerOptionError} */
export function checkOptions<O extends { readonly lr: unknown }>(
  optimizer: string,
  options: O,
  checks: OptionChecks<O>,
): void {
  const { optimizer: _, ...own } = options as O & { readonly optimizer?: string };
  const all: Readonly<Record<string, OptionCheck>> = { lr: learningRate, ...checks };
  checkOptionNames(`${optimizer}'s`, own, Object.keys(all));
  for (const [name, value] of Object.entries(own)) {
    const expected = all[name]!(value);
    if (expected !== undefined) throw new OptimizerOptionError(name, expected, value);
  }
  if (options.lr === undefined) throw new OptimizerOptionError("lr", learningRate(undefined)!, undefined);
}

const learningRate: OptionCheck = (value) =>
  (typeof value === "number" && Number.isFinite(value) && value >= 0) || typeof value === "function"
    ? undefined
    : "a number >= 0, or a schedule: cosine, linear, wsd or a function of the step";

export function oneOf(...values: readonly (string | boolean | number)[]): OptionCheck {
  return (value) => (values.includes(value as string) ? undefined : values.map((v) => JSON.stringify(v)).join(", "));
}

export function wholeAtLeast(least: number): OptionCheck {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= least ? undefined : `a whole number >= ${least}`;
}

/** Checks for a number in an interval; brackets include an end, parentheses exclude it. */
export function range(from: number, to: number, ends: "[]" | "[)" | "()"): OptionCheck {
  return (value) => {
    const inside =
      typeof value === "number" &&
      (ends[0] === "[" ? value >= from : value > from) &&
      (ends[1] === "]" ? value <= to : value < to);
    return inside ? undefined : `a number in ${ends[0]}${from}, ${to}${ends[1]}`;
  };
}

/** Checks for an object with some of these options, and no others. */
export function nested(checks: Readonly<Record<string, OptionCheck>>): OptionCheck {
  return (value) => {
    if (typeof value !== "object" || value === null) return `an object with ${Object.keys(checks).join(", ")}`;
    for (const [name, entry] of Object.entries(value)) {
      const expected =
        checks[name] === undefined ? `no other than ${Object.keys(checks).join(", ")}` : checks[name](entry);
      if (expected !== undefined) return `${name} to be ${expected}`;
    }
    return undefined;
  };
}

/** Checks for `{ every: steps }`, and nothing else. */
export const checkPeriod: OptionCheck = (value) => {
  const { every, ...unknown } = (value ?? {}) as Record<string, unknown>;
  const known = Object.keys(unknown).length === 0;
  return known && wholeAtLeast(1)(every) === undefined ? undefined : "{ every: steps >= 1 }";
};
