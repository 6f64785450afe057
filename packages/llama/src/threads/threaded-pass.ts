import { describe, type Engine, sizeOfFloat32 } from "@sumo/linalg";
import { checkOptions } from "../arguments.ts";
import { ConfigError, CrewError } from "../errors.ts";
import { Arena } from "../memory/arena.ts";
import { allocateActivations, type PassShape } from "../pass/activations.ts";
import { type ModelParts, passSpan } from "../pass/context.ts";
import { allocateGradients } from "../pass/gradients.ts";
import { checkPassShape, createPass, type Pass, type PassOptions } from "../pass/pass.ts";
import { BARRIER_WORDS, Barrier } from "./barrier.ts";
import type { Invitation } from "./join-crew.ts";

/** A worker of Node or of a browser whose message handler is `joinCrew`. */
export interface CrewWorker {
  postMessage(message: unknown): void;
}

/** Options of a threaded pass. */
export interface ThreadedPassOptions extends PassOptions {
  /** One worker a thread beside the calling one. They are blocked until the pass is disposed; then they can join another pass. */
  readonly workers: readonly CrewWorker[];
  /** Milliseconds to wait until all of them have joined. Default 30 000. */
  readonly timeoutMs?: number;
}

/** Heap of a worker's engine, which holds the packed operands of one product. */
const WORKER_HEAP_BYTES = 2 ** 23;
const POLL_MS = 2;

/** Bytes of heap for a crew of `threads` threads, without activations and gradients. */
export function bytesOfCrew(threads: number): number {
  return threads === 1 ? 0 : (threads - 1) * WORKER_HEAP_BYTES + sizeOfFloat32(BARRIER_WORDS);
}

/**
 * Creates a pass on several threads, which share the sequences for activations, and the rows of weight matrices for their gradients, so
 * that there is one set of gradients with the bits of one thread. See `Llama.createThreadedPass`.
 */
export async function createThreadedPass(
  parts: ModelParts,
  batch: number,
  length: number,
  options: ThreadedPassOptions,
): Promise<Pass> {
  checkOptions("createThreadedPass", options, { workers: "any", recompute: "boolean", timeoutMs: "number" });
  const { workers, recompute = false, timeoutMs = 30_000 } = options;
  checkWorkers(workers);
  if (!(timeoutMs >= 0)) throw new ConfigError("createThreadedPass", `timeoutMs must be at least 0, got ${timeoutMs}`);
  const { config, engine, dtype } = parts;
  const shape = { batch, length, threads: workers.length + 1, recompute, dtype };
  checkPassShape("createThreadedPass", config, batch, length);
  checkCrew(engine, shape);
  const { arena, words, invitations, activations, gradients } = prepare(parts, shape);
  const barrier = new Barrier(words, 0, shape.threads);
  workers.forEach((worker, i) => {
    worker.postMessage(invitations[i]);
  });
  await waitForMembers(barrier, workers.length, timeoutMs);
  const span = passSpan(config, shape, barrier);
  const memory = { activations, scratch: activations.scratch[0]!, panel: activations.panels[0]! };
  const context = { ...parts, shape, ...memory, span, crew: barrier };
  return createPass(context, gradients, {
    begin: (task) => barrier.begin(task),
    end: () => {
      if (barrier.dismiss()) arena.release();
    },
  });
}

/** Allocates the crew's memory, and creates the message for each worker. */
function prepare({ config, engine, weights }: ModelParts, shape: PassShape) {
  return Arena.allocate(engine.heap, (arena) => {
    const activations = allocateActivations(config, shape, arena);
    const gradients = allocateGradients(config, arena);
    const words = arena.int32(BARRIER_WORDS);
    const { layer, outer } = gradients;
    const { memory } = engine.heap;
    const common = { memory, config, shape, words, weights, activations, gradients: { layer, outer } };
    const invitations = Array.from({ length: shape.threads - 1 }, (_, i): Invitation => {
      return { ...common, index: i + 1, heap: arena.uint8(WORKER_HEAP_BYTES) };
    });
    return { arena, words, invitations, activations, gradients };
  });
}

function checkWorkers(workers: readonly CrewWorker[]): void {
  if (Array.isArray(workers) && workers.every((worker) => typeof worker?.postMessage === "function")) return;
  throw new ConfigError("createThreadedPass", `expected a list of workers, got ${describe(workers)}`);
}

function checkCrew(engine: Engine, { batch, threads }: PassShape): void {
  const refuse = (message: string): never => {
    throw new ConfigError("createThreadedPass", message);
  };
  if (engine.name !== "wasm" || !engine.heap.shared) {
    refuse("the model must live on a wasm engine with a shared heap: createWasmEngine({ shared: true })");
  }
  if (threads > batch) refuse(`each of ${threads} threads needs a sequence, the batch has ${batch}`);
}

/** Waits until all workers have joined. After a timeout the crew's memory stays allocated: a worker may still join late. */
async function waitForMembers(barrier: Barrier, count: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (barrier.joined < count) {
    if (performance.now() > deadline) {
      barrier.close();
      throw new CrewError("createThreadedPass", `${barrier.joined} of ${count} workers joined within ${timeoutMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
