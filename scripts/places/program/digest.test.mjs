// A test for Jest and for Vitest, which have the same globals here.
import { digest } from "./digest.mjs";

test("the digest of node", () => {
  expect(digest()).toBe(process.env.EXPECTED_DIGEST);
});
