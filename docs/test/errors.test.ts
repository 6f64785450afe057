import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./pages.ts";

test("the page of errors lists every code that a package has, and no other", () => {
  const packages = join(root, "..", "packages");
  const sources = readdirSync(packages)
    .map((name) => join(packages, name, "src", "errors.ts"))
    .filter((file) => existsSync(file));
  const codesOf = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, code]) => code!).sort();
  const thrown = sources.flatMap((file) => codesOf(readFileSync(file, "utf8"), /readonly code = "(\w+)"/g)).sort();
  expect(thrown.length).toBeGreaterThan(0);
  expect(codesOf(readFileSync(join(root, "guide", "errors.md"), "utf8"), /^\| `([A-Z_]+)`/gm)).toEqual(thrown);
});
