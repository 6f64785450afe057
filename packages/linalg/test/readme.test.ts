import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";

const packageRoot = join(import.meta.dirname, "..");
const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
const blocks = Array.from(readme.matchAll(/^```ts\n(.*?)^```/gms), ([, code]) => code!);
// Inside the package, so that its dependencies resolve.
const folder = mkdtempSync(join(packageRoot, "test", "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

test.each(blocks.map((code, index) => [index, code] as const))(
  "block %d prints what its comments say",
  async (index, code) => {
    const file = join(folder, `block-${index}.ts`);
    writeFileSync(file, code.replaceAll('"@sumo/linalg"', '"../../src/index.ts"'));
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await import(file);
    const said = Array.from(code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm), ([, comment]) => comment);
    expect(said.length).toBeGreaterThan(0);
    expect(log.mock.calls.map((values) => values.join(" "))).toEqual(said);
  },
);
