import { expect, test } from "vitest";
import { FINGERPRINT, fingerprint } from "./bits.ts";

test("losses and gradients have the bits that they have in every runtime", () => {
  expect(fingerprint()).toBe(FINGERPRINT);
});
