import { beforeAll, describe, test } from "vitest";
import { createReferenceEngine, createWasmEngine, type Engine, useEngine } from "../src/index.ts";
import { createNativeEngine } from "../src/native.ts";
import { nativeMissing } from "./native-missing.ts";

const HEAP = { bytes: 2 ** 26 };

const engines: readonly (readonly [name: string, create: () => Engine])[] = [
  ["reference", () => createReferenceEngine(HEAP)],
  ["wasm", () => createWasmEngine(HEAP)],
  ...(nativeMissing === undefined ? [["native", () => createNativeEngine(HEAP)] as const] : []),
];

/** The same tests once on each engine. */
export function onEveryEngine(name: string, body: () => void): void {
  describe.each(engines)(`${name} on %s`, (_, create) => {
    beforeAll(() => useEngine(create()));
    body();
  });
  if (nativeMissing !== undefined)
    describe.skip(`${name} on native: ${nativeMissing}`, () => test("is there", () => {}));
}
