import { type Engine, sizeOfFloat32 } from "@sumo/linalg";
import { allocateActivations, type PassShape } from "./activations.ts";
import { CONTROL_WORDS, Control } from "./control.ts";
import { ConfigError, CrewError } from "./errors.ts";
import { allocateGradients } from "./gradients.ts";
import type { Invitation } from "./join-crew.ts";
import { Lease } from "./lease.ts";
import { checkPassShape, createPass, type Pass, type PassOptions } from "./pass.ts";
import { type ModelParts, passSpan } from "./run.ts";

/** A worker of Node or of a browser that gives its messages to `joinCrew`. */
export interface CrewWorker {
  postMessage(message: unknown): void;
}

export interface ThreadedPassOptions extends PassOptions {
  /** One for each thread beside the calling one. They are busy until the pass is disposed, and can join another one then. */
  readonly workers: readonly CrewWorker[];
  /** How long to wait for all of them. Default 30 000. */
  readonly timeoutMs?: number;
}

/** Heap of a worker's engine: packed operands of one product. */
const WORKER_HEAP_BYTES = 2 ** 23;
const POLL_MS = 2;

/** Bytes of heap that a crew of `threads` takes beside its activations and gradients. */
export function bytesOfCrew(threads: number): number {
  return threads === 1 ? 0 : (threads - 1) * WORKER_HEAP_BYTES + sizeOfFloat32(CONTROL_WORDS);
}

/**
 * A pass on several threads: sequences are shared out for activations, rows of weight matrices for their gradients, so that there is
 * one set of gradients and its bits are those of one thread. See `Llama.createThreadedPass`.
 */
export async function createThreadedPass(
  parts: ModelParts,
  batch: number,
  length: number,
  { workers, recompute = false, timeoutMs = 30_000 }: ThreadedPassOptions,
): Promise<Pass> {
  const { config, engine } = parts;
  const shape = { batch, length, threads: workers.length + 1, recompute };
  checkPassShape("createThreadedPass", config, batch, length);
  checkCrew(engine, shape);
  const { lease, words, invitations, activations, gradients } = prepare(parts, shape);
  const control = new Control(words, 0, shape.threads);
  workers.forEach((worker, i) => {
    worker.postMessage(invitations[i]);
  });
  await waitForMembers(control, workers.length, timeoutMs);
  const span = passSpan(config, shape, control);
  const run = { ...parts, shape, activations, scratch: activations.scratch[0]!, span, crew: control };
  return createPass(run, gradients, {
    begin: (task) => control.begin(task),
    end: () => {
      if (control.dismiss()) lease.release();
    },
  });
}

/** Allocates what the crew works on, and says it to each worker. */
function prepare({ config, engine, weights }: ModelParts, shape: PassShape) {
  return Lease.take(engine.heap, (lease) => {
    const activations = allocateActivations(config, shape, lease);
    const gradients = allocateGradients(config, lease);
    const words = lease.int32(CONTROL_WORDS);
    const { layer, outer } = gradients;
    const { memory } = engine.heap;
    const common = { memory, config, shape, words, weights, activations, gradients: { layer, outer } };
    const invitations = Array.from({ length: shape.threads - 1 }, (_, i): Invitation => {
      return { ...common, index: i + 1, heap: lease.uint8(WORKER_HEAP_BYTES) };
    });
    return { lease, words, invitations, activations, gradients };
  });
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

/** The memory that was promised to workers stays allocated when they do not come: they may come too late. */
async function waitForMembers(control: Control, count: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (control.joined < count) {
    if (performance.now() > deadline) {
      control.close();
      throw new CrewError("createThreadedPass", `${control.joined} of ${count} workers joined within ${timeoutMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
