import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@sumo/testing/temporary-folder";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { digest, readText } from "./read-text.ts";

const folder = temporaryFolder();
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("a file is read as it is, named after itself, and found again by its absolute path", () => {
  const path = file("My Novel (2).txt", "naïve café\n");
  const text = readText("My Novel (2).txt", folder);
  expect(decode(text.bytes)).toBe("naïve café\n");
  expect(text.name).toBe("my-novel-2");
  expect(text.source).toBe(path);
  expect(digest(readText(text.source, "/").bytes)).toBe(digest(text.bytes));
});

test("a byte-order mark is dropped", () => {
  const path = file("marked.txt", Uint8Array.of(0xef, 0xbb, 0xbf, 0x61));
  expect(decode(readText(path).bytes)).toBe("a");
});

test("a folder is its text files, subfolders too, sorted, with a blank line between", () => {
  const library = join(folder, "library");
  mkdirSync(join(library, "inner"), { recursive: true });
  writeFileSync(join(library, "b.txt"), "second");
  writeFileSync(join(library, "a.md"), "first");
  writeFileSync(join(library, "empty.txt"), "");
  writeFileSync(join(library, "inner", "c.TXT"), "third");
  writeFileSync(join(library, "picture.png"), Uint8Array.of(0xff, 0xd8));
  expect(decode(readText(library).bytes)).toBe("first\n\nsecond\n\nthird");
});

test("the built-in texts are whole books", () => {
  const moby = readText("moby-dick");
  expect(decode(moby.bytes)).toContain("Call me Ishmael.");
  expect(moby.bytes.length).toBeGreaterThan(1.2e6);
  expect(readText("sotu").bytes.length).toBeGreaterThan(10.7e6);
});

test.each([
  ["missing", () => join(folder, "nowhere.txt"), "no file or folder"],
  ["an object's own property", () => "constructor", "no file or folder"],
  ["empty", () => file("empty.txt", ""), "is empty"],
  ["only a byte-order mark", () => file("mark.txt", Uint8Array.of(0xef, 0xbb, 0xbf)), "is empty"],
  ["not UTF-8", () => file("latin.txt", Uint8Array.of(0x63, 0x61, 0x66, 0xe9)), "not UTF-8"],
  ["a folder without text", temporaryFolder, "no .txt or .md file"],
])("%s data is refused", (_, source, message) => {
  const path = source();
  expect(() => readText(path)).toThrow(DataError);
  expect(() => readText(path)).toThrow(message);
});
