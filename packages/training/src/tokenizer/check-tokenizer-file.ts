import { RunError } from "../errors.ts";
import { MOST_TOKENS } from "./token-chain.ts";

type Json = Readonly<Record<string, unknown>>;

/** Steps within steps that a file may have. */
const DEEPEST = 16;

/**
 * Checks the types of everything in a `tokenizer.json` that is read here, so that no reader meets a value of another type, or a number of a token that
 * would make a vocabulary larger than any.
 *
 * @param path - for messages.
 * @throws {RunError} that names the first field that does not fit.
 */
export function checkTokenizerFile(json: unknown, path: string): void {
  const expect = (holds: boolean, field: string, what: string): void => {
    if (!holds) throw new RunError(`${path}: expected ${field} to be ${what}`);
  };
  const optional = (value: unknown, type: "string" | "boolean", field: string): void =>
    expect(value === undefined || value === null || typeof value === type, field, `a ${type}`);
  const steps = (value: unknown, field: string, depth = 0): void => {
    if (value === undefined || value === null) return;
    expect(isRecord(value) && typeof value["type"] === "string" && depth < DEEPEST, field, "a step with its type");
    const step = value as Json;
    for (const key of ["behavior", "prepend_scheme", "prepend", "content"])
      optional(step[key], "string", `${field}.${key}`);
    for (const key of ["invert", "individual_digits", "use_regex", "add_prefix_space"]) {
      optional(step[key], "boolean", `${field}.${key}`);
    }
    const { pattern } = step;
    expect(pattern === undefined || isRecord(pattern), `${field}.pattern`, "an object");
    for (const key of ["Regex", "String"])
      optional((pattern as Json | undefined)?.[key], "string", `${field}.pattern.${key}`);
    for (const key of ["pretokenizers", "normalizers", "processors"]) {
      const inner = step[key] ?? [];
      expect(Array.isArray(inner), `${field}.${key}`, "a list");
      for (const each of inner as unknown[]) {
        expect(isRecord(each), `${field}.${key}`, "a list of steps");
        steps(each, `${field}.${key}`, depth + 1);
      }
    }
    const single = step["single"] ?? [];
    expect(Array.isArray(single), `${field}.single`, "a list");
    const special = (single as (Json | null)[])[0]?.["SpecialToken"];
    expect(
      special === undefined || (isRecord(special) && typeof special["id"] === "string"),
      `${field}.single`,
      "a template",
    );
  };

  expect(isRecord(json), "the file", "an object");
  const { model, added_tokens: added = [], ...file } = json as Json;
  expect(isRecord(model), "model", "an object");
  const { type, vocab, merges, byte_fallback, ignore_merges } = model as Json;
  optional(type, "string", "model.type");
  optional(byte_fallback, "boolean", "model.byte_fallback");
  optional(ignore_merges, "boolean", "model.ignore_merges");
  expect(
    isRecord(vocab) && Object.values(vocab).every(isToken),
    "model.vocab",
    `an object of tokens below ${MOST_TOKENS}`,
  );
  expect(Array.isArray(merges) && merges.every(isMerge), "model.merges", "a list of pairs");
  const isAdded = (each: unknown): boolean =>
    isRecord(each) && isToken(each["id"]) && typeof each["content"] === "string";
  expect(
    Array.isArray(added) && added.every(isAdded),
    "added_tokens",
    `a list of content and an id below ${MOST_TOKENS}`,
  );
  for (const key of ["normalizer", "pre_tokenizer", "post_processor"]) steps(file[key], key);
}

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isToken = (value: unknown): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MOST_TOKENS;

function isMerge(value: unknown): boolean {
  if (typeof value === "string") return true;
  return Array.isArray(value) && value.length === 2 && value.every((piece) => typeof piece === "string");
}
