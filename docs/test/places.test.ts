import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./pages.ts";

test("the README lists every place that is tested, and no other", () => {
  const readme = readFileSync(join(root, "..", "README.md"), "utf8");
  const [, table] = /^## Runs in\n(.*?)^## /ms.exec(readme)!;
  const rows = Array.from(table!.matchAll(/^\| (.+?) \| .+ \|$/gm), ([, place]) => place!).filter(
    (place) => place !== "place",
  );
  const source = readFileSync(join(root, "..", "scripts", "places", "places.js"), "utf8");
  const named = Array.from(
    source.matchAll(/\bname: "(.+?)"|^ {2}nodeOf\((\d+)\)/gm),
    ([, name, major]) => name ?? `Node ${major}`,
  );
  const tested = named.filter((name) => name !== "this Node");
  const listed = rows.flatMap((row) => (tested.includes(row) ? [row] : row.split(", ")));
  expect(listed.sort()).toEqual(tested.sort());
});
