import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { createWasmEngine } from "@sumo/linalg";
import type { CrewWorker, LlamaConfig } from "@sumo/llama";
import type { Corpus } from "./corpus.ts";
import { heapBytes } from "./heap-size.ts";
import type { TrainOptions } from "./options.ts";
import { Session } from "./session.ts";

/** Threads that share the passes of one session after another. `workers` are those beside the calling one. */
export interface Crew {
  readonly workers: readonly CrewWorker[];
  readonly threads: number;
  /** Ends the helpers. */
  dispose(): void;
}

/** A crew of `threads`, the calling one included. */
export function createCrew(threads: number): Crew {
  const script = new URL("./crew-worker.js", import.meta.url);
  const workers = Array.from({ length: threads - 1 }, () => new Worker(script));
  for (const worker of workers) worker.unref(); // they sleep between passes and must not keep the process alive
  return { workers, threads, dispose: () => workers.forEach((worker) => void worker.terminate()) };
}

/** As many threads as were asked for, or all cores that find a window each. */
export function threadsFor(asked: number | undefined, batch: number): number {
  return asked ?? Math.min(availableParallelism(), batch);
}

/** A session whose passes run on the whole crew. */
export async function openSession(
  model: LlamaConfig,
  options: TrainOptions,
  corpus: Corpus,
  { workers, threads }: Crew,
): Promise<Session> {
  const shared = workers.length > 0;
  const session = new Session(
    model,
    options,
    corpus,
    createWasmEngine({ bytes: heapBytes(model, options, threads), shared }),
  );
  if (shared) await session.employ(workers);
  return session;
}
