import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { createWasmEngine, type Engine } from "@sumo/linalg";
import { createNativeEngine } from "@sumo/linalg/native";
import type { CrewWorker, LlamaConfig } from "@sumo/llama";
import type { Corpus } from "./corpus.ts";
import { heapBytes } from "./heap-size.ts";
import type { TrainOptions } from "./options.ts";
import { Session } from "./session.ts";

/** Threads that share the passes of one session after another. `workers` are those beside the calling one. */
export interface Crew {
  readonly workers: readonly CrewWorker[];
  readonly threads: number;
}

/** Does `work` with a crew of `threads`, the calling one included. */
export async function withCrew<T>(threads: number, work: (crew: Crew) => Promise<T>): Promise<T> {
  const script = new URL("./crew-worker.js", import.meta.url);
  const workers = Array.from({ length: threads - 1 }, () => new Worker(script));
  for (const worker of workers) worker.unref(); // they sleep between passes and must not keep the process alive
  try {
    return await work({ workers, threads });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** As many threads as were asked for, or all cores that find a window each; the native engine has threads of its own. */
export function threadsFor(asked: number | undefined, { engine, batch }: TrainOptions): number {
  return asked ?? (engine === "native" ? 1 : Math.min(availableParallelism(), batch));
}

/**
 * An engine whose heap has room for the model with any of these options, and can be shared with the crew.
 *
 * @throws {UnsupportedError} if the native one was asked for, and this system has no BLAS.
 */
export function createEngine(model: LlamaConfig, options: readonly TrainOptions[], { threads }: Crew): Engine {
  const bytes = Math.max(...options.map((each) => heapBytes(model, each, threads)));
  const heap = { bytes, shared: threads > 1 };
  return options[0]!.engine === "native" ? createNativeEngine(heap) : createWasmEngine(heap);
}

/** A session whose passes run on the whole crew. */
export async function openSession(
  model: LlamaConfig,
  options: TrainOptions,
  corpus: Corpus,
  crew: Crew,
  engine: Engine = createEngine(model, [options], crew),
): Promise<Session> {
  const session = new Session(model, options, corpus, engine);
  if (crew.threads > 1) await session.employ(crew.workers);
  return session;
}
