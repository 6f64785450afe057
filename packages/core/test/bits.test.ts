import { expect, test } from "vitest";
import { FINGERPRINT, fingerprint } from "./bits.ts";

test("weights and checkpoints have the bits that they have in every runtime", () => {
  expect(fingerprint()).toBe(FINGERPRINT);
});
