import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pages, root as site } from "./pages.ts";

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly author: string;
  readonly license: string;
  readonly homepage: string;
  readonly bugs: string;
  readonly repository: { readonly type: string; readonly url: string; readonly directory?: string };
  readonly publishConfig?: object;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const root = join(site, "..");
const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
/** The one place that has the repository's address. */
const main = manifestOf(".");
const address = main.repository.url.replace(/^git\+|\.git$/g, "");
const published = readdirSync(join(root, "packages"))
  .map((name) => `packages/${name}`)
  .filter((folder) => !manifestOf(folder).private);

/** Lines of code in a README's first program, at most. */
const FIRST_PROGRAM = 20;

describe.each(published)("%s", (folder) => {
  const manifest = manifestOf(folder);
  const readme = readFileSync(join(root, folder, "README.md"), "utf8");

  test("says where it comes from, as the root does", () => {
    const { author, license, bugs } = main;
    expect(manifest).toMatchObject({ author, license, bugs });
    expect(manifest.repository).toEqual({ ...main.repository, directory: folder });
    expect(manifest.homepage).toBe(`${address}/tree/main/${folder}#readme`);
    expect(manifest.keywords?.length).toBeGreaterThan(4);
    expect(manifest.publishConfig).toEqual({ access: "public", provenance: true });
  });

  test("has a page that starts with what it is, how to install it, and a short program", () => {
    const [title, what, ...rest] = readme.split("\n\n");
    expect(title).toBe(`# ${manifest.name}`);
    expect(what).toMatch(/^[A-Z]/);
    const blocks = Array.from(rest.join("\n\n").matchAll(/^```(\w+)\n(.*?)^```/gms), ([, language, text]) => ({
      language,
      text: text!,
    }));
    expect(blocks[0]).toMatchObject({
      language: "sh",
      text: expect.stringMatching(`^npm install ${manifest.name}\\b`),
    });
    expect(blocks[1]!.language).toBe("ts");
    expect(blocks[1]!.text.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(FIRST_PROGRAM);
  });

  test("has a page whose links work anywhere", () => {
    const targets = Array.from(readme.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target!);
    expect(targets.filter((target) => !/^(https:|#)/.test(target))).toEqual([]);
    const inside = targets.filter((target) => target.startsWith(address));
    expect(inside.length).toBeGreaterThan(0);
    const paths = inside.map((target) => /^\/(?:blob|tree)\/main\/([^#]+)/.exec(target.slice(address.length))?.[1]);
    expect(paths.filter((path) => path === undefined || !existsSync(join(root, path)))).toEqual([]);
  });
});

describe("install lines", () => {
  const texts = [...pages.map((page) => join(site, page)), join(root, "README.md"), join(root, "README.zh-CN.md")];
  const lines = texts.flatMap((path) =>
    Array.from(readFileSync(path, "utf8").matchAll(/^npm install .*tarballs.*$/gm), ([line]) => [path, line] as const),
  );
  /** The packages of a line, without their scope. */
  const packed = (line: string): string[] => Array.from(line.matchAll(/\/sumo-(\w+)\.tgz/g), ([, name]) => name!);

  test("can be typed in any shell", () => {
    for (const [path, line] of lines) expect(line, path).toMatch(/^npm install( [@\w./-]+)+$/);
  });

  test("name every package of ours that another needs, and every peer that must be there", () => {
    for (const [path, line] of lines) {
      for (const name of packed(line)) {
        const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifestOf(`packages/${name}`);
        for (const needed of Object.keys(dependencies).filter((other) => other.startsWith("@sumo/"))) {
          expect(packed(line), path).toContain(needed.slice("@sumo/".length));
        }
        for (const peer of Object.keys(peerDependencies).filter((other) => !peerDependenciesMeta[other]?.optional)) {
          expect(line.replace("@tensorflow/tfjs", "@tensorflow/tfjs-core"), path).toContain(` ${peer}`); // the union package has it
        }
      }
    }
  });

  test("stand in the guide of every package that a user installs beside core", () => {
    const named = new Set(lines.flatMap(([, line]) => packed(line)));
    expect(named).toEqual(new Set(["linalg", "core", "tfjs", "jax", "gpu", "mpi"]));
  });
});
