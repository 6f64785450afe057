import { ArgumentError, OptionError } from "./errors.ts";

/** The names of a routine's options, each with the kind of its values. A name that is left out is a type error. */
export type OptionKinds<Options> = { readonly [Name in keyof Options]-?: "boolean" | "number" | "any" };

/** Refuses options that are no object, names that the routine does not know, and values of another kind. @throws {OptionError} */
export function checkOptions<Options extends object>(
  operation: string,
  options: Options,
  kinds: OptionKinds<Options>,
): void {
  const fault = optionFault(options, kinds);
  if (fault !== undefined) throw new OptionError(operation, fault);
}

/**
 * The fault of options that are no object, or have a name that `kinds` lacks, or a value of another kind; `undefined` for options without
 * one. For packages that throw it as errors of their own.
 */
export function optionFault<Options extends object>(options: Options, kinds: OptionKinds<Options>): string | undefined {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return `expected ${listOf(kinds)}, got ${describe(options)}`;
  }
  for (const name in options) {
    const kind = kinds[name];
    const value = options[name];
    if (typeof kind !== "string") {
      return `unknown option "${name}"${suggestion(name, kinds)}; expected ${listOf(kinds)}`; // a name that every object has included
    }
    if (value === undefined || kind === "any" || typeof value === kind) continue;
    return `expected ${name} to be a ${kind}, got ${describe(value)}`;
  }
  return undefined;
}

const listOf = (kinds: object): string => `options { ${Object.keys(kinds).join(", ")} }`;

function suggestion(name: string, kinds: object): string {
  const given = name.toLowerCase();
  const near = Object.keys(kinds).find((known) => {
    const other = known.toLowerCase();
    return other.includes(given) || given.includes(other) || differsByOne(given, other);
  });
  return near === undefined ? "" : ` (did you mean "${near}"?)`;
}

/** Whether one letter more, less or other makes `a` of `b`. */
function differsByOne(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  return [
    [start + 1, start + 1],
    [start + 1, start],
    [start, start + 1],
  ].some(([i, j]) => a.slice(i) === b.slice(j));
}

/** Refuses outputs that are no object. @throws {ArgumentError} */
export function checkOutputs(operation: string, out: object, names: string): void {
  if (typeof out !== "object" || out === null) {
    throw new ArgumentError(operation, `expected out { ${names} }, got ${describe(out)}`);
  }
}

/** A value in the words of an error message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === "boolean") return String(value);
  if (typeof value === "number" || typeof value === "bigint") return `the ${typeof value} ${value}`;
  if (typeof value === "string") return `the string ${JSON.stringify(value)}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "a plain array";
  const name = Object.prototype.toString.call(value).slice(8, -1);
  return name === "Object" ? "an object" : `a ${name}`;
}
