import { constants, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inflate } from "./inflate.ts";

const { Z_FIXED, Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE } = constants;

describe("inflate restores what zlib has compressed", () => {
  const run = fc.record({ bytes: fc.uint8Array({ maxLength: 20 }), times: fc.integer({ min: 1, max: 100 }) });
  /** Repetitions, near and far, of all lengths. */
  const runs = fc
    .array(run, { maxLength: 6 })
    .map((all) => Buffer.concat(all.flatMap(({ bytes, times }) => Array<Uint8Array>(times).fill(bytes))));
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), runs);
  test.each([
    ["in stored blocks", { level: 0 }],
    ["in blocks of the fixed code", { strategy: Z_FIXED }],
    ["in blocks of their own code", { level: 9, strategy: Z_DEFAULT_STRATEGY }],
    ["in literals alone", { strategy: Z_HUFFMAN_ONLY }],
    ["in runs", { strategy: Z_RLE }],
    ["in many blocks", { level: 9, memLevel: 1 }],
  ])("%s", (_, options) => {
    fc.assert(
      fc.property(bytes, (given) => {
        expect(inflate(deflateRawSync(given, options))).toEqual(Uint8Array.from(given));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("over the whole window", () => {
    const given = Uint8Array.from({ length: 200_000 }, (_, i) => ((i % 32_768) * 2654435761) >>> 24);
    expect(inflate(deflateRawSync(given, { level: 9 }))).toEqual(given);
  });
});
