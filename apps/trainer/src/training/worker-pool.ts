import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { createWasmEngine, type Engine } from "@sumo/linalg";
import { createNativeEngine } from "@sumo/linalg/native";
import type { CrewWorker, LlamaConfig } from "@sumo/llama";
import {
  checkAddressable,
  checkModel,
  planRun,
  type Sequences,
  Trainer,
  type TrainerOptions,
  type TrainOptions,
  UsageError,
} from "@sumo/training";
import { place } from "./ranks.ts";

/** A pool of threads for the passes of one trainer after another. */
export interface WorkerPool {
  readonly threads: number;
  /** The threads beside the calling one. They start when they are first asked for. */
  workers(): readonly CrewWorker[];
}

/** Runs `work` with a pool of `threads`, the calling thread included, and ends its workers afterwards. */
export async function withWorkerPool<T>(threads: number, work: (pool: WorkerPool) => Promise<T>): Promise<T> {
  const script = new URL("./pass-worker.js", import.meta.url);
  const started: Worker[] = [];
  const workers = (): readonly CrewWorker[] => {
    while (started.length < threads - 1) {
      const worker = new Worker(script);
      worker.unref(); // they sleep between passes and must not keep the process alive
      started.push(worker);
    }
    return started;
  };
  try {
    return await work({ threads, workers });
  } finally {
    await Promise.all(started.map((worker) => worker.terminate()));
  }
}

/**
 * Number of threads: `asked`, or by default one a core, at most one a sequence of the batch. The native engine has threads of its own, and
 * processes that were started together share the cores.
 */
export function threadCount(asked: number | undefined, { engine, batch }: TrainOptions): number {
  return asked ?? (engine === "native" || place.size > 1 ? 1 : Math.min(availableParallelism(), batch));
}

/**
 * Creates an engine whose heap has room for the model with any of these options, shared with the pool's workers.
 *
 * @param shards - ranks that divide the optimizer's state.
 * @throws {UsageError} if a run needs more memory than can be addressed, or has other threads than it can use.
 * @throws {UnsupportedError} if the options ask for the native engine, and this system has no BLAS.
 */
export function createEngine(
  model: LlamaConfig,
  options: readonly TrainOptions[],
  { threads }: WorkerPool,
  shards?: number,
): Engine {
  for (const each of options) {
    checkThreads(threads, each);
    checkModel(model, each);
  }
  const plans = options.map((each) => planRun(model, each, { threads, shards }));
  for (const plan of plans) checkAddressable(plan);
  const heap = { bytes: Math.max(...plans.map(({ heapBytes }) => heapBytes)), shared: threads > 1 };
  return options[0]!.engine === "native" ? createNativeEngine(heap) : createWasmEngine(heap);
}

/** Creates a trainer whose passes use all threads of the pool. @param start - as for {@link Trainer}; its engine is by default a new one. */
export async function createTrainer(
  model: LlamaConfig,
  options: TrainOptions,
  sequences: Sequences,
  pool: WorkerPool,
  { engine, ...start }: TrainerOptions = {},
): Promise<Trainer> {
  const shards = start.shardState ? start.collective?.size : undefined;
  const heap = engine ?? createEngine(model, [options], pool, shards);
  const trainer = new Trainer(model, options, sequences, { engine: heap, ...start });
  if (pool.threads > 1) await trainer.useWorkers(pool.workers());
  return trainer;
}

function checkThreads(threads: number, { batch, engine }: TrainOptions): void {
  if (threads > 1 && engine === "native") {
    throw new UsageError("--threads is for --engine wasm: the native engine has threads of its own");
  }
  if (threads > batch)
    throw new UsageError(`--threads ${threads}: each needs a window of its own, and --batch has ${batch}`);
}
