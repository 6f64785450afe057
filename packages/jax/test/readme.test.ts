import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";

const root = join(import.meta.dirname, "..");
const blocks = Array.from(
  readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```/gms),
  ([, code]) => code!,
);
// Inside the package, so that its dependencies resolve.
const folder = mkdtempSync(join(root, "test", "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the README's one program learns, and says what its parameters got", async () => {
  expect(blocks).toHaveLength(1);
  const file = join(folder, "block.ts");
  writeFileSync(file, blocks[0]!);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import(file);
  const lines = log.mock.calls.map((values) => values.join(" "));
  const losses = lines.slice(0, -1).map((line) => Number(line.split(" ")[1]));
  expect(losses).toHaveLength(4);
  expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]!);
  expect(lines.at(-1)).toBe("kernel: sumo, bias: adamw");
});
