import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { folder, outputFile, readExamples } from "../examples/read-examples.ts";
import { formatAll } from "../playground/format.ts";

const examples = readExamples();

afterEach(() => vi.restoreAllMocks());

describe("the examples", () => {
  test("are numbered from 01 without a gap", () => {
    expect(examples.map(({ name }) => Number(name.slice(0, 2)))).toEqual(examples.map((_, i) => i + 1));
    expect(examples.length).toBeGreaterThan(9);
  });

  test.each(examples)("$name is short, and says in its first lines what it is about", ({ source, title, text }) => {
    expect(source.split("\n").length).toBeLessThanOrEqual(60);
    expect(Math.max(...source.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(title).toMatch(/^[A-Z]/);
    expect(text.length).toBeGreaterThan(80);
  });

  test.each(examples)("$name prints what its page says", async ({ name }) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {}); // tfjs advertises another package
    await import(join(folder, `${name}.js`));
    const printed = log.mock.calls.map((values) => `${formatAll(values)}\n`).join("");
    expect(printed).not.toBe("");
    expect(printed).not.toMatch(/\bfalse\b/); // what an example claims, it checks
    await expect(printed).toMatchFileSnapshot(outputFile(name));
  });
});
