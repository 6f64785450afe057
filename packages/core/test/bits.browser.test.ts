import { expect, test } from "vitest";
import { CASES, fingerprint } from "./bits.ts";
import golden from "./golden-bits.json" with { type: "json" };

test.each(Object.entries(CASES))("%s: weights and state have the bits that they have in Node", (name, options) => {
  expect(fingerprint(options)).toBe(golden[name as keyof typeof golden]);
});

test("every golden value is of a case", () => {
  expect(Object.keys(golden)).toEqual(Object.keys(CASES));
});
