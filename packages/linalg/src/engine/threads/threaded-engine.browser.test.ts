import { describeBits } from "@sumo/testing";
import { expect, test, vi } from "vitest";
import { createThreadedEngine } from "./threaded-engine.ts";

const heap = { bytes: 2 ** 26 };

test("the page may share memory", () => {
  expect(crossOriginIsolated).toBe(true);
});

// On the page's main thread, which spins where others would park.
describeBits(
  "wasm on 2 threads",
  async () => {
    const engine = createThreadedEngine({ heap, threads: 2 });
    await vi.waitUntil(() => engine.idleWorkers === 1, { timeout: 10_000 });
    return engine;
  },
  (engine) => engine.dispose(),
);
