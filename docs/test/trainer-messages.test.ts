import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./pages.ts";

const SOURCES = ["apps/trainer/src", "packages/training/src"];
const page = readFileSync(join(root, "guide", "when-something-goes-wrong.md"), "utf8");

const sources = SOURCES.flatMap((folder) => {
  const path = join(root, "..", folder);
  const files = readdirSync(path, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(path, file), "utf8"));
});

/** What begins a message: an error, the system's error, a table of its problems, an unforeseen one. */
const MESSAGE =
  /new \w+Error\(|storageError\(error, |refuse\(|Object\.assign\(error, \{ path \}\), |^ {2}E[A-Z]+: \[|return (?=`(?:memory|unexpected))|`the output was closed: |const saved = |remedy: |const UNPACK = /gm;

/** Literal pieces of the strings and templates from `at` to the end of the call, without what is filled in. */
function piecesFrom(text: string, at: number): string[] {
  const pieces: string[] = [];
  for (let i = at, depth = 0; depth >= 0 && i < text.length && text[i] !== ";"; i++) {
    const quote = text[i]!;
    if (/[([{]/.test(quote)) depth++;
    else if (/[)\]}]/.test(quote)) depth--;
    else if (quote === '"' || quote === "`") {
      let piece = "";
      for (i++; text[i] !== quote; i++) {
        if (quote === "`" && text.startsWith("${", i)) {
          pieces.push(piece);
          piece = "";
          i = endOfHole(text, i + 2);
        } else piece += text[i];
      }
      pieces.push(piece);
    }
  }
  return pieces;
}

function endOfHole(text: string, at: number): number {
  let depth = 1;
  for (let i = at; ; i++) {
    if (text[i] === "{") depth++;
    if (text[i] === "}" && --depth === 0) return i;
  }
}

test("every message that the trainer can end with is on the page", () => {
  const pieces = sources.flatMap((text) =>
    Array.from(text.matchAll(MESSAGE)).flatMap(({ index, 0: found }) =>
      piecesFrom(text, found.startsWith("`") ? index : index + found.length),
    ),
  );
  const messages = pieces
    .map((piece) => piece.replaceAll("\\n", "").trim())
    .filter((piece) => /[a-z]{2,}.*[a-z]{2,}/i.test(piece) && piece.includes(" ") && !piece.includes("\\x"));
  expect(messages.length).toBeGreaterThan(100);
  expect([...new Set(messages)].filter((message) => !page.includes(message))).toEqual([]);
});

test("every message on the page is in the sources", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  const cells = rows.flatMap((row) =>
    Array.from(row.split(" | ")[0]!.matchAll(/`([^`]+)`/g), ([, message]) => message!),
  );
  const all = sources.join("\n").replace(/["`] \+\s+["`]/g, ""); // parts of one message
  const pieces = cells.flatMap((cell) => cell.split("…")).map((piece) => piece.trim());
  expect(pieces.length).toBeGreaterThan(80);
  expect(pieces.filter((piece) => !all.includes(piece))).toEqual([]);
});
