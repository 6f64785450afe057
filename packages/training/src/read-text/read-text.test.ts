import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
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

test("links are followed, each text is read once, and what is left out is said with its reason", () => {
  const [library, elsewhere] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(join(elsewhere, "far.txt"), "far");
  writeFileSync(join(library, "near.txt"), "near");
  for (const [name, target] of [
    ["link.txt", join(elsewhere, "far.txt")],
    ["again.txt", join(library, "near.txt")],
    ["circle", library],
    ["self.txt", join(library, "self.txt")],
    ["broken.txt", join(library, "nowhere.txt")],
  ] as const) {
    symlinkSync(target, join(library, name));
  }
  for (const inner of [".git", "node_modules/pkg", ".ipynb_checkpoints"]) {
    mkdirSync(join(library, inner), { recursive: true });
    writeFileSync(join(library, inner, "x.txt"), "not a text");
  }
  for (const name of ["a.pdf", "b.pdf", "c.pdf", "d.pdf"]) writeFileSync(join(library, name), "%PDF-");
  writeFileSync(join(library, ".secret.txt"), "hidden");
  writeFileSync(join(library, "empty.md"), "");
  const { bytes, files, documents, leftOut } = readText(library);
  expect(decode(bytes)).toBe("far\n\nnear");
  expect([files, documents]).toEqual([3, 2]);
  expect([...leftOut].sort()).toEqual([
    "1 empty",
    "1 generated (node_modules)",
    "2 broken links (broken.txt, self.txt)",
    "2 linked twice (again.txt, circle)",
    "3 hidden (.git, .ipynb_checkpoints, .secret.txt)",
    "4 of another kind (a.pdf, b.pdf, c.pdf, …)",
  ]);
});

test("a folder of links alone is a text, and one that is hidden is read when it is asked for", () => {
  const [library, elsewhere] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(elsewhere, ".notes"));
  writeFileSync(join(elsewhere, ".notes", "far.txt"), "far");
  symlinkSync(join(elsewhere, ".notes", "far.txt"), join(library, "link.txt"));
  expect(decode(readText(library).bytes)).toBe("far");
  expect(decode(readText(join(elsewhere, ".notes")).bytes)).toBe("far");
});

test.each<[string, string, string | Uint8Array]>([
  ["JSON", "chat.json", "not JSON inside"],
  ["JSON", "chat.txt", '{"role":"user","content":"hi"}\n{"role":"assistant","content":"ho"}\n'],
  ["JSON", "one.txt", '[{"text": "a"},\n {"text": "b"}]'],
  ["gzip", "novel.txt", gzipSync("once upon a time")],
  ["PDF", "novel.txt", "%PDF-1.7\n"],
  ["Parquet", "novel.txt", "PAR1...."],
  ["zip", "novel.docx", Uint8Array.of(0x50, 0x4b, 3, 4, 0)],
  ["HTML", "novel.txt", "\ufeff\n<!DOCTYPE html><title>x</title>"],
  ["HTML", "novel.html", "<p>x</p>"],
  ["UTF-16", "novel.txt", Buffer.from("\ufeffonce", "utf16le")],
])("%s in %s is refused with a way to take the text out", (kind, name, content) => {
  const path = file(name, content);
  expect(() => readText(path)).toThrow(DataError);
  expect(() => readText(path)).toThrow(`${path} is ${kind}, not plain text: `);
});

test("a .jsonl file holds examples, whatever they are", () => {
  const content = '{"messages": []}\n{"text": "a"}\n';
  const text = readText(file("chat.jsonl", `\ufeff${content}`));
  expect(text.kind).toBe("examples");
  expect(decode(text.bytes)).toBe(content);
  expect(readText(file("chat.txt", "plain")).kind).toBe("text");
  expect(() => readText(file("latin.jsonl", Uint8Array.of(0xe9)))).toThrow("is not UTF-8");
});

test.each(["[Enter Hamlet]\nTo be\n", "{curly} prose\n", "1\n2\n3\n", "<p> is a tag of HTML", '"quoted"\n"lines"\n'])(
  "prose that looks a little like something else is read: %j",
  (text) => expect(decode(readText(file("prose.txt", text)).bytes)).toBe(text),
);

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
