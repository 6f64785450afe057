import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import options from "../guide/options.data.ts";
import { root } from "./pages.ts";

let folder: string;
/** Output of the command line's `--help`, with single spaces. */
let help: string;

beforeAll(async () => {
  const trainer = join(root, "..", "apps", "trainer");
  const cache = join(trainer, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, "help-"));
  await build({
    root: trainer,
    configFile: false,
    logLevel: "error",
    build: { ssr: "src/cli.ts", outDir: folder, target: "node20" },
    ssr: { noExternal: [/^@sumo\//], resolve: { conditions: ["@sumo/source"] } },
  });
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "cli.js"), "--help"]);
  help = stdout.replaceAll(/\s+/g, " ");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every option is listed with the words of --help, and every option of --help is listed", async () => {
  const listed = (await options.load()).flatMap((group) => group.options);
  for (const { flags, description } of listed)
    expect(help).toContain(`${flags} ${description.replaceAll(/\s+/g, " ")}`);
  const names = (text: string) => Array.from(text.matchAll(/(?<= )--[a-z0-9-]+(?= <| [a-z])/g), ([name]) => name);
  const described = [...listed.map(({ flags }) => flags.split(" ")[0]!), "--help"].sort();
  expect([...new Set(names(help))].sort()).toEqual(described);
  expect(listed.length).toBeGreaterThan(30);
});

test("every command of --help is on the page, and no other", () => {
  const page = readFileSync(join(root, "guide", "options.md"), "utf8");
  const commands = help.slice(help.indexOf("Commands:"));
  const known = Array.from(commands.matchAll(/ (runs|export(?:-\w+)?|[a-z-]+) (?:<|look)/g), ([, name]) => name!);
  const shown = Array.from(page.matchAll(/`train ([a-z-]+) /g), ([, name]) => name!);
  expect(known.length).toBeGreaterThan(2);
  expect([...new Set(shown)].sort()).toEqual([...new Set(known)].sort());
});
