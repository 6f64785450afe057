import { expect, test, vi } from "vitest";

/** A class whose instances show its `code`. */
type ErrorClass = (abstract new (...values: never[]) => Error) & { readonly code: string };

/** The exports of a package's `errors.ts`: error classes, all of one base class. */
type ErrorModule = Readonly<Record<string, ErrorClass>>;

/**
 * Tests that a package's error classes have codes of their own, and know the errors of other installed copies of the package.
 *
 * @param base - name of the base class among the exports.
 * @param importErrors - imports the module; called again after a reset, it gives another copy.
 */
export function describeErrors(own: object, base: string, importErrors: () => Promise<object>): void {
  const split = (module: object) => {
    const { [base]: Base, ...others } = module as ErrorModule;
    return { Base: Base!, classes: Object.values(others) };
  };
  const { Base, classes } = split(own);
  const madeOf = (Class: ErrorClass): Error & { code?: unknown } => Reflect.construct(Class as never, []);

  test("errors of another installed copy are instances of the same classes, and of no others", async () => {
    vi.resetModules();
    const copy = split(await importErrors());
    expect(copy.Base).not.toBe(Base);
    for (const [i, Class] of copy.classes.entries()) {
      const error = madeOf(Class);
      expect(error instanceof Base).toBe(true);
      expect(classes.filter((each) => error instanceof each)).toEqual([classes[i]]);
    }
  });

  test("every class has a code of its own, which its instances show", () => {
    const codes = classes.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.every((code) => /^[A-Z_]+$/.test(code))).toBe(true);
    expect(classes.map((Class) => madeOf(Class).code)).toEqual(codes);
  });

  test.each([undefined, null, 1, "text", {}, new Error("text"), { code: classes[0]!.code }])("%s is none", (value) => {
    expect([Base, ...classes].some((each) => (value as unknown) instanceof each)).toBe(false);
  });
}
