import { describeEngine } from "@sumo/testing";
import { expect, test } from "vitest";
import { UnsupportedError } from "../../errors.ts";
import { createRelaxedEngine } from "./relaxed-engine.ts";

const heap = { bytes: 2 ** 26 };

/** A module of one function that uses i16x8.relaxed_q15mulr_s: valid where relaxed SIMD is. */
const hasRelaxedSimd = WebAssembly.validate(
  Uint8Array.of(
    ...[0, 97, 115, 109, 1, 0, 0, 0], // magic number, version
    ...[1, 5, 1, 96, 0, 1, 123], // type: () -> v128
    ...[3, 2, 1, 0], // function 0 has it
    ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 145, 2, 11], // splat 1, splat 2, the instruction
  ),
);

if (hasRelaxedSimd) {
  describeEngine("wasm, relaxed", () => createRelaxedEngine(heap));
} else {
  test("a runtime without relaxed SIMD is a typed error that names it", () => {
    expect(() => createRelaxedEngine(heap)).toThrow(UnsupportedError);
    expect(() => createRelaxedEngine(heap)).toThrow(/relaxed SIMD/);
  });
}
