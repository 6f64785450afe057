import { fromRows, identity, matrix, ShapeError } from "@sumo/linalg";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, SourceError } from "../playground/compile.ts";
import { openDrafts } from "../playground/drafts.ts";
import { format, formatAll } from "../playground/format.ts";
import { link } from "../playground/link.ts";
import { hashOf, programOf } from "../playground/program-link.ts";

describe("what a program prints", () => {
  test.each([
    [["loss", 0.1 + 0.2, -0, 3n], "loss 0.30000000000000004 -0 3n"],
    [[undefined, null, true], "undefined null true"],
    [[Float32Array.of(0.1, 1e-9, Number.NaN)], "Float32Array(3) [0.1, 1e-9, NaN]"],
    [[["a", [1 / 3, [2, [3, [4]]]]]], '["a", [0.333333, [2, […]]]]'],
    [[{ s: Float64Array.of(2), rank: 1 }], "{ s: Float64Array(1) [2], rank: 1 }"],
    [[new Map([["w", new Set([1])]])], 'Map { "w" => Set {1} }'],
    [[fromRows([[1, -10, 0.5]]).T], "3 × 1, Float64Array\n    1\n  -10\n  0.5"],
    [["r =", { q: identity(1), k: 2 }, "end"], "r =\n{\n  q: 1 × 1, Float64Array\n    1\n  k: 2\n}\nend"],
    [[tf.tensor1d([1, 2])], "Tensor\n    [1, 2]"],
    [[new ShapeError("qr", "bad")], "ShapeError [LINALG_SHAPE]: qr: bad"],
    [[new Error("a", { cause: new TypeError("b") })], "Error: a\n  because of TypeError: b"],
    [[Object.create(null), () => 1], "{} [function without a name]"],
  ])("%#", (values, text) => expect(formatAll(values)).toBe(text));

  test("much is shown in part", () => {
    expect(format(new Float64Array(100))).toMatch(/^Float64Array\(100\) \[(0, ){24}… 76 more\]$/);
    expect(format(matrix(20, 20, new Float32Array(400))).split("\n").length).toBe(10);
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    expect(format(circular)).toMatch(/^\{ self: \{ self: \{ self: \{…\} \} \} \}$/);
  });

  test("any value is shown", () => {
    fc.assert(
      fc.property(
        fc.anything({ withTypedArray: true, withNullPrototype: true, withDate: true, withMap: true }),
        (value) => {
          expect(format(value).length).toBeGreaterThan(0);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe("a program", () => {
  test("in JavaScript stays as it is; its imports are found wherever they stand, and nothing else is", async () => {
    const source = [
      'import a, { b as c } from "a";',
      'import "b"; export * from "c"; // from "no"',
      'const from = "no"; const d = { from: "no" }, e = `from "no"`;',
      'const f = await import("d");',
    ].join("\n");
    const { code, imports } = await compile(source);
    expect(code).toBe(source);
    expect(imports.map(({ name, line }) => [name, line])).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 2],
      ["d", 4],
    ]);
    for (const { name, start, end } of imports) expect(source.slice(start, end)).toBe(`"${name}"`);
  });

  test("in TypeScript loses its types, and no line", async () => {
    const { code, imports } = await compile(
      'import type { X } from "no";\nimport { y } from "yes";\n\nconst z = y as\n  X;\nlet w!: number;',
    );
    expect(imports.map(({ name }) => name)).toEqual(["yes"]);
    expect(code.split("\n").length).toBe(6);
    expect(code).not.toMatch(/X|number/);
  });

  test.each([
    ["const a = 1;\nlet a;", 2],
    ["\n\nfor (;;", 3],
    ["const a: number = 1;\nconst b: = 2;", 2],
    ["const a: number = 1;\n\nreturn a;", 3],
  ])("that is wrong says in which line: %j", async (source, line) => {
    const error = await compile(source).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceError);
    expect((error as SourceError).line).toBe(line);
    expect((error as SourceError).message).not.toMatch(/\(\d+:\d+\)/);
  });

  test("is linked to what modules export, whatever the names are; one that is missing is named with those that are not", async () => {
    const texts: string[] = [];
    const publish = (text: string) => `data:text/javascript,${encodeURIComponent(texts[texts.push(text) - 1]!)}`;
    const modules = { m: async () => ({ default: 1, if: 2, three: identity }) };
    const program = await compile(
      'import one, { if as two, three } from "m";\nexport { one, two };\nexport * from "m";',
    );
    const linked = await link(program, modules, publish);
    expect(texts.length).toBe(1);
    const result = await import(/* @vite-ignore */ publish(linked.code));
    expect(result).toMatchObject({ one: 1, two: 2, three: identity });
    await expect(link(await compile('\nimport "toString";'), modules, publish)).rejects.toMatchObject({
      line: 2,
      message: 'there is no module "toString" here. There are: m',
    });
  });
});

describe("a link", () => {
  test("carries any program", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 500 }), async (program) => {
        const hash = await hashOf(program);
        expect(hash).toMatch(/^#program=[\w-]*$/);
        expect(await programOf(hash)).toBe(program);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test("without a program says so; a damaged one is refused", async () => {
    expect(await programOf("#05-polar")).toBeUndefined();
    expect(await programOf("")).toBeUndefined();
    for (const damaged of ["#program=", "#program=!", "#program=AAAA", (await hashOf("console.log(1)")).slice(0, -4)]) {
      await expect(programOf(damaged), damaged).rejects.toThrow();
    }
  });
});

describe("edited programs", () => {
  const holding = (text: string | null): Storage => {
    let kept = text;
    return { getItem: () => kept, setItem: (_: string, value: string) => (kept = value) } as unknown as Storage;
  };

  test("are there again, until they are what the example says", () => {
    const storage = holding(null);
    openDrafts(() => storage).set("a", "edited", "source");
    expect(openDrafts(() => storage).get("a")).toBe("edited");
    openDrafts(() => storage).set("a", "source", "source");
    expect(openDrafts(() => storage).get("a")).toBeUndefined();
  });

  test("live as long as the page where the browser stores nothing, or something else", () => {
    const forbidden = (): Storage => {
      throw new DOMException("no", "SecurityError");
    };
    for (const storage of [forbidden, () => holding("{"), () => holding('{"b": 1}'), () => holding("null")]) {
      const drafts = openDrafts(storage);
      expect(drafts.get("b")).toBeUndefined();
      drafts.set("a", "edited", "source");
      expect(drafts.get("a")).toBe("edited");
    }
  });
});
