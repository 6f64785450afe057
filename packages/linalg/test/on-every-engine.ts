import { afterAll, beforeAll, describe, test, vi } from "vitest";
import {
  createReferenceEngine,
  createThreadedEngine,
  createWasmEngine,
  type Engine,
  type ThreadedEngine,
  useEngine,
} from "../src/index.ts";
import { createNativeEngine } from "../src/native.ts";
import { nativeMissing } from "./native-missing.ts";

const HEAP = { bytes: 2 ** 26 };

const engines: readonly (readonly [name: string, create: () => Engine | Promise<Engine>])[] = [
  ["reference", () => createReferenceEngine(HEAP)],
  ["wasm", () => createWasmEngine(HEAP)],
  ["two threads", startThreads],
  ...(nativeMissing === undefined ? [["native", () => createNativeEngine(HEAP)] as const] : []),
];

/** An engine whose worker has started, so that large products are divided. */
async function startThreads(): Promise<ThreadedEngine> {
  const engine = createThreadedEngine({ heap: HEAP, threads: 2 });
  await vi.waitUntil(() => engine.idleWorkers === 1, { timeout: 10_000 });
  return engine;
}

/** The same tests once on each engine. */
export function onEveryEngine(name: string, body: () => void): void {
  describe.each(engines)(`${name} on %s`, (_, create) => {
    let engine: Engine | ThreadedEngine;
    beforeAll(async () => {
      engine = await create();
      useEngine(engine);
    });
    afterAll(() => {
      if ("dispose" in engine) engine.dispose();
    });
    body();
  });
  if (nativeMissing !== undefined)
    describe.skip(`${name} on native: ${nativeMissing}`, () => test("is there", () => {}));
}
