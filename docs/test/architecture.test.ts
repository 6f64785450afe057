import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./pages.ts";

const repository = join(root, "..");
const read = (path: string): string => readFileSync(join(repository, path), "utf8");
const page = read("docs/guide/architecture.md");

/** The folders that a tree of lines `name/  what it holds` lists. */
const listedFolders = (tree: string): string[] =>
  Array.from(tree.matchAll(/^([\w-]+)\/ +\S/gm), ([, folder]) => folder!).sort();

const foldersIn = (path: string): string[] =>
  readdirSync(join(repository, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

const trees = Array.from(
  page.matchAll(/^### (\S+\/src)\n+```\n([^`]*)```/gm),
  ([, path, tree]) => [path!, tree!] as const,
);

test("each package whose sources have folders has a tree", () => {
  const withFolders = ["packages", "apps"]
    .flatMap((group) => foldersIn(group).map((name) => `${group}/${name}/src`))
    .filter((path) => existsSync(join(repository, path)) && foldersIn(path).length > 2);
  expect(trees.map(([path]) => path).sort()).toEqual(withFolders.sort());
});

test.each(trees)("the tree of %s lists its folders", (path, tree) => {
  expect(listedFolders(tree)).toEqual(foldersIn(path));
});

/** The first column of a table's rows, without its decoration, and the last, as a list. */
const standsOn = (text: string): Map<string, string[]> =>
  new Map(
    Array.from(
      text.matchAll(/^\| \[?`(?:@sumo\/|packages\/|apps\/)([\w-]+)`.*\| ([\w, ]+) \|$/gm),
      ([, name, list]) => [name!, list === "nothing" ? [] : list!.split(", ")],
    ),
  );

/** The workspace's packages that a package's manifest depends on. */
function dependenciesOf(name: string): string[] {
  const group = existsSync(join(repository, "apps", name)) ? "apps" : "packages";
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(read(`${group}/${name}/package.json`));
  return Object.keys({ ...dependencies, ...peerDependencies })
    .filter((dependency) => dependency.startsWith("@sumo/"))
    .map((dependency) => dependency.slice("@sumo/".length))
    .sort();
}

test.each(["docs/guide/architecture.md", "README.md"])(
  "the table of packages in %s agrees with the manifests",
  (file) => {
    const table = standsOn(read(file));
    expect(table.size).toBe(11);
    for (const [name, list] of table) expect([name, list]).toEqual([name, dependenciesOf(name)]);
  },
);

test("the list of packages in CONTRIBUTING agrees with the manifests", () => {
  const lines = Array.from(
    read("CONTRIBUTING.md").matchAll(/^(?:packages|apps)\/([\w-]+) .* stands on ([\w, ]+)$/gm),
    ([, name, list]) => [name!, list === "nothing" ? [] : list!.split(", ")] as const,
  );
  expect(lines).toHaveLength(11);
  for (const [name, list] of lines) expect([name, list]).toEqual([name, dependenciesOf(name)]);
});

test("the files that the page names exist", () => {
  const bases = [
    "",
    "packages/core/src/",
    "packages/linalg/src/",
    "packages/linalg/",
    "packages/llama/src/",
    "packages/training/src/",
  ];
  const named = Array.from(page.matchAll(/`([\w./-]*\/[\w.-]*)`/g), ([, path]) => path!).filter(
    (path) => !path.startsWith("@") && !path.includes("<"),
  );
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter((path) => !bases.some((base) => existsSync(join(repository, base, path))));
  expect(missing.filter((path) => !existsSync(join(repository, "docs", path)))).toEqual([]);
});
