import { beforeAll, describe } from "vitest";
import { createReferenceEngine, createWasmEngine, type Engine, useEngine } from "../src/index.ts";

const HEAP = { bytes: 2 ** 26 };

const engines: readonly (readonly [name: string, create: () => Engine])[] = [
  ["reference", () => createReferenceEngine(HEAP)],
  ["wasm", () => createWasmEngine(HEAP)],
];

/** The same tests once on each engine. */
export function onEveryEngine(name: string, body: () => void): void {
  describe.each(engines)(`${name} on %s`, (_, create) => {
    beforeAll(() => useEngine(create()));
    body();
  });
}
