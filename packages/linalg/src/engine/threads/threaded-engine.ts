import { OptionError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { Heap, type HeapOptions } from "../heap.ts";
import { compileKernels, instantiateModule } from "../wasm/instantiate.ts";
import { wasmDeflated } from "../wasm/kernels.generated.ts";
import type { Gemm, Kernels } from "../wasm/kernels.ts";
import { Staging } from "../wasm/staging.ts";
import { assembleEngine, createWasmEngine } from "../wasm/wasm-engine.ts";
import { type Task, ThreadPool } from "./thread-pool.ts";
import { hardwareThreads } from "./worker-host.ts";

/** Flops that are worth a thread: about ten microseconds, what it costs to wake a parked one. */
const FLOPS_PER_THREAD = 500_000;
/** Rows and columns are handed out in multiples of this, so that tiles stay whole. */
const UNIT = 16;
const NAMES = ["gemm32", "gemm64"] as const;

/** Options of {@link createThreadedEngine}. */
export interface ThreadedEngineOptions {
  /** Options of a new heap, or a shared heap to use with other engines and modules. */
  readonly heap?: Heap | HeapOptions;
  /** Threads, the caller's included. Default: what the machine runs at once. */
  readonly threads?: number;
}

/** An engine whose products run on several threads. */
export interface ThreadedEngine extends Engine {
  /** Workers that could take a part now: none until they have started. */
  readonly idleWorkers: number;
  /** Ends the workers; the engine then runs on the caller's thread alone. */
  dispose(): void;
}

/**
 * The `wasm` engine with `gemm` spread over threads that share the heap: the same bits as on one thread, in every runtime.
 *
 * Calls are synchronous. Workers take part once they have started (in a browser: after the page's script has yielded), spin for some
 * ten microseconds after a product, and then sleep. They do not keep a Node process alive. Small products stay on the caller's thread.
 *
 * A worker that was ended from outside is waited for once, for a second; the caller then does its part.
 *
 * Where memory cannot be shared (a page without cross-origin isolation) the result is the plain `wasm` engine, and a warning says so.
 * In a browser, workers start from a `blob:` address, which a Content-Security-Policy must allow under `worker-src`.
 *
 * @throws {OptionError} if `threads` is not a whole number of at least 1, or the heap is not shared.
 * @throws {UnsupportedError} where WebAssembly has no SIMD instructions.
 */
export function createThreadedEngine({
  heap = {},
  threads = hardwareThreads(),
}: ThreadedEngineOptions = {}): ThreadedEngine {
  if (!(Number.isInteger(threads) && threads >= 1)) {
    throw new OptionError("createThreadedEngine", `expected a whole number of threads, at least 1, got ${threads}`);
  }
  if (heap instanceof Heap && !heap.shared) {
    throw new OptionError("createThreadedEngine", "expected a shared heap: new Heap({ shared: true })");
  }
  if (typeof SharedArrayBuffer === "undefined") {
    console.warn("@sumo/linalg: no shared memory here (a page needs cross-origin isolation); using one thread");
    return { ...createWasmEngine(heap), idleWorkers: 0, dispose() {} };
  }
  const shared = heap instanceof Heap ? heap : new Heap({ ...heap, shared: true });
  const module = compileKernels(wasmDeflated, shared);
  const kernels = instantiateModule<Kernels>(module, shared);
  const pool = new ThreadPool(shared, threads - 1, module, NAMES);
  const scratches = Array.from({ length: threads - 1 }, () => new Staging(shared));
  const spread = {
    ...kernels,
    gemm32: spreadGemm(pool, scratches, 4, kernels.gemm32, kernels.gemmScratch32),
    gemm64: spreadGemm(pool, scratches, 8, kernels.gemm64, kernels.gemmScratch64),
  };
  const engine = assembleEngine(`wasm, ${threads} threads`, spread, shared);
  return {
    ...engine,
    get idleWorkers() {
      return pool.idle;
    },
    dispose: () => pool.dispose(),
  };
}

/** `gemm` with C cut along its longer side, one part for each thread that is free. */
function spreadGemm(
  pool: ThreadPool,
  scratches: readonly Staging[],
  bytes: 4 | 8,
  gemm: Gemm,
  scratchBytes: Kernels["gemmScratch32"],
): Gemm {
  return (transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, scratch) => {
    const byColumns = n >= m;
    const units = Math.ceil((byColumns ? n : m) / UNIT);
    const wanted = Math.min(Math.floor((2 * m * n * k) / FLOPS_PER_THREAD), units) - 1;
    const helpers = wanted > 0 ? Math.min(wanted, pool.idle) : 0;
    const cut = (part: number): number => UNIT * Math.floor((part * units) / (helpers + 1));
    /** Arguments of the part of C from one cut to another. */
    const part = (from: number, to: number, work: number): Parameters<Gemm> => {
      const [i, j] = byColumns ? [0, from] : [from, 0];
      const rows = byColumns ? m : to - from;
      const cols = byColumns ? to - from : n;
      const left = a + bytes * (transA ? i : i * lda);
      const right = b + bytes * (transB ? j * ldb : j);
      return [transA, transB, rows, cols, k, alpha, left, lda, right, ldb, beta, c + bytes * (i * ldc + j), ldc, work];
    };
    const kernel = bytes === 4 ? 0 : 1;
    const tasks: Task[] = [];
    for (let helper = 0; helper < helpers; helper++) {
      const [from, to] = [cut(helper), cut(helper + 1)];
      const size = byColumns ? scratchBytes(m, to - from, k) : scratchBytes(to - from, n, k);
      tasks.push([kernel, ...part(from, to, scratches[helper]!.scratch(size)).map(Number)]);
    }
    const last = byColumns ? n : m;
    pool.run(tasks, () => gemm(...part(cut(helpers), last, scratch)));
  };
}
