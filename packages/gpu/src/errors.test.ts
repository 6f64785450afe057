import { expect, test, vi } from "vitest";
import * as own from "./errors.ts";

const { GpuError } = own;
const classesOf = (module: typeof own) => Object.values(module).filter((each) => each !== module.GpuError);
const classes = classesOf(own);

test("errors of another installed copy are instances of the same classes, and of no others", async () => {
  vi.resetModules();
  const copy: typeof own = await import("./errors.ts");
  expect(copy.GpuError).not.toBe(GpuError);
  for (const [i, Class] of classesOf(copy).entries()) {
    const error = Reflect.construct(Class, []);
    expect(error instanceof GpuError).toBe(true);
    expect(classes.filter((each) => error instanceof each)).toEqual([classes[i]]);
  }
});

test("every class has a code of its own, which its instances show", () => {
  const codes = classes.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.every((code) => /^[A-Z_]+$/.test(code))).toBe(true);
  expect(classes.map((Class) => Reflect.construct(Class, []).code)).toEqual(codes);
});

test.each([undefined, null, 1, "text", {}, new Error("text"), { code: classes[0]!.code }])("%s is none", (value) => {
  expect([GpuError, ...classes].some((each) => value instanceof each)).toBe(false);
});
