import { expect, test } from "vitest";
import { fuzz, NAMES } from "./fuzz.js";

test.each(NAMES)(
  "%s: a damaged file ends in a typed error, soon, and without more memory than its size justifies",
  (name) => {
    expect(fuzz(name, 400)).toBeGreaterThan(0);
  },
);
