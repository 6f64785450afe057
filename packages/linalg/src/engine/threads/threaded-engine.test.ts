import { describeBits, describeEngine } from "@sumo/testing";
import { afterEach, expect, test, vi } from "vitest";
import { OptionError } from "../../errors.ts";
import { Heap } from "../../heap.ts";
import { compileKernels } from "../wasm/instantiate.ts";
import { wasmBase64 } from "../wasm/kernels.generated.ts";
import { ThreadPool } from "./thread-pool.ts";
import { createThreadedEngine, type ThreadedEngine } from "./threaded-engine.ts";

const heap = { bytes: 2 ** 26 };

afterEach(() => vi.unstubAllGlobals());

/** An engine whose workers have all started. */
async function started(threads: number): Promise<ThreadedEngine> {
  const engine = createThreadedEngine({ heap, threads });
  await vi.waitUntil(() => engine.idleWorkers === threads - 1, { timeout: 10_000 });
  return engine;
}
const dispose = (engine: ThreadedEngine): void => engine.dispose();

describeEngine("wasm on 3 threads", () => started(3), dispose);
describeBits("wasm on 2 threads", () => started(2), dispose);
describeBits("wasm on 4 threads", () => started(4), dispose);

test("a product is right before the workers have started, and after they have ended", async () => {
  const engine = createThreadedEngine({ heap, threads: 2 });
  const n = 128;
  const a = engine.heap.float64(n * n).fill(1);
  const c = engine.heap.float64(n * n);
  const product = () => engine.gemm(false, false, n, n, n, 1, a, 0, n, a, 0, n, 0, c.fill(0), 0, n);
  product();
  expect(c.every((x) => x === n)).toBe(true);
  await vi.waitUntil(() => engine.idleWorkers === 1);
  engine.dispose();
  expect(engine.idleWorkers).toBe(0);
  product();
  expect(c.every((x) => x === n)).toBe(true);
});

test("a parked worker wakes", async () => {
  const engine = await started(2);
  const [n, k] = [512, 64];
  const [a, c] = [engine.heap.float32(n * k).fill(1), engine.heap.float32(n * n)];
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    engine.gemm(false, true, n, n, k, 1, a, 0, k, a, 0, k, 0, c.fill(0), 0, n);
    expect(c.every((x) => x === k)).toBe(true);
  }
  engine.dispose();
});

test("workers take tasks, and one that fails says so and goes on", async () => {
  const shared = new Heap({ bytes: 2 ** 20, shared: true });
  const [x, y] = [shared.float32(4).fill(21), shared.float32(4)];
  const pool = new ThreadPool(shared, 1, compileKernels(wasmBase64, shared), ["axpby32"]);
  await vi.waitUntil(() => pool.idle === 1);
  const own = vi.fn();
  pool.run([[0, 4, 2, x.byteOffset, 0, y.byteOffset]], own);
  expect(y).toEqual(new Float32Array(4).fill(42));
  expect(own).toHaveBeenCalledOnce();
  expect(() => pool.run([[0, 4, 2, 2 ** 30, 0, y.byteOffset]], own)).toThrow(RangeError);
  expect(pool.idle).toBe(1);
  pool.dispose();
});

test("options out of range are refused", () => {
  for (const threads of [0, 1.5, Number.NaN]) {
    expect(() => createThreadedEngine({ heap, threads })).toThrow(OptionError);
  }
  expect(() => createThreadedEngine({ heap: new Heap(heap), threads: 2 })).toThrow(OptionError);
});

test("without shared memory it is the plain engine, and says so", () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const engine = createThreadedEngine({ heap, threads: 2 });
  expect([engine.name, engine.heap.shared, engine.idleWorkers]).toEqual(["wasm", false, 0]);
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("cross-origin isolation"));
  warn.mockRestore();
});
