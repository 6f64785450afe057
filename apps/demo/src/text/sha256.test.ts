import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { sha256 } from "./sha256.ts";

test("agrees with Node's for every length around a block's edges, and for views into a buffer", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i + 7 * i) & 255);
  for (const length of [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 999]) {
    const part = bytes.subarray(1, 1 + length);
    expect(sha256(part), `${length} bytes`).toBe(createHash("sha256").update(part).digest("hex"));
  }
});
