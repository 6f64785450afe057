import { createWasmEngine, type Engine, Heap, sizeOfFloat32 } from "@sumo/linalg";
import { type Activations, allocateActivations, type PassShape } from "./activations.ts";
import { CONTROL_WORDS, Control, TASKS } from "./barrier.ts";
import type { LlamaConfig } from "./config.ts";
import { ConfigError, CrewError } from "./errors.ts";
import { allocateGradients, type Gradients } from "./gradients.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { createWasmKernels } from "./kernels/wasm.ts";
import { checkPassShape, createPass, type Pass, type PassOptions } from "./pass.ts";
import { runBackward, runLoss } from "./program.ts";
import { passSpan } from "./run.ts";
import type { Weights } from "./weights.ts";

/** A worker of Node or of a browser that gives its messages to {@link joinCrew}. */
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

/** What a worker needs to join. Typed arrays lie in `memory`, which is shared; a message carries them as views. */
interface Invitation {
  readonly memory: WebAssembly.Memory;
  readonly heap: Uint8Array;
  readonly control: Int32Array;
  readonly index: number;
  readonly config: LlamaConfig;
  readonly shape: PassShape;
  readonly weights: Weights;
  readonly activations: Activations;
  readonly gradients: Pick<Gradients, "layer" | "outer">;
}

/**
 * A pass on several threads: sequences are shared out for activations, rows of weight matrices for their gradients, so that there is
 * one set of gradients and its bits are those of one thread. See `Llama.createThreadedPass`.
 */
export async function createThreadedPass(
  config: LlamaConfig,
  engine: Engine,
  kernels: Kernels,
  weights: Weights,
  batch: number,
  length: number,
  { workers, recompute = false, timeoutMs = 30_000 }: ThreadedPassOptions,
): Promise<Pass> {
  const threads = workers.length + 1;
  checkPassShape("createThreadedPass", config, batch, length);
  checkCrew(engine, batch, threads);
  const { heap } = engine;
  const shape: PassShape = { batch, length, threads, recompute };
  const activations = allocateActivations(config, shape, heap);
  const gradients = allocateGradients(config, heap);
  const words = heap.int32(CONTROL_WORDS);
  const heaps = workers.map(() => heap.uint8(WORKER_HEAP_BYTES));
  const control = new Control(words);
  const { layer, outer } = gradients;
  workers.forEach((worker, i) => {
    const common = { memory: heap.memory, heap: heaps[i]!, control: words, index: i + 1 };
    worker.postMessage({
      ...common,
      config,
      shape,
      weights,
      activations,
      gradients: { layer, outer },
    } satisfies Invitation);
  });
  await waitForMembers(control, workers.length, timeoutMs);
  const crew = control.crew(0, threads);
  const span = passSpan(config, shape, crew);
  const run = { config, shape, engine, kernels, weights, activations, scratch: activations.scratch[0]!, span, crew };
  return createPass(run, gradients, (task) => {
    control.task = task;
    crew.wait();
    if (task !== TASKS.leave) return;
    control.waitForLeave();
    for (const block of [words, ...heaps]) heap.release(block);
  });
}

function checkCrew(engine: Engine, batch: number, threads: number): void {
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

/**
 * Lets a worker take part in a threaded pass: give it every message that the worker receives. It returns when the pass is disposed.
 *
 * @example
 * parentPort.on("message", joinCrew); // Node's worker_threads
 * self.onmessage = (event) => joinCrew(event.data); // a browser
 */
export function joinCrew(invitation: unknown): void {
  const { memory, index, config, shape, ...views } = invitation as Invitation;
  const { heap, control: words, weights, activations, gradients } = onBuffer(views, memory.buffer);
  const control = new Control(words);
  const engine = createWasmEngine(new Heap({ memory, start: heap.byteOffset, bytes: heap.byteLength }));
  const kernels = createWasmKernels(engine.heap);
  const crew = control.crew(index, shape.threads);
  const scratch = activations.scratch[index]!;
  const span = passSpan(config, shape, crew);
  const run = { config, shape, engine, kernels, weights, activations, scratch, span, crew };
  if (!control.join()) return;
  for (;;) {
    crew.wait();
    const { task } = control;
    if (task === TASKS.loss) runLoss(run);
    else if (task === TASKS.backward) runBackward(run, gradients, () => {});
    else break;
  }
  control.leave();
}

/** The same views on `buffer`: a message makes a new buffer object of the same memory, which a heap would not know as its own. */
function onBuffer<T>(value: T, buffer: ArrayBufferLike): T {
  if (ArrayBuffer.isView(value)) {
    const view = value as unknown as Float32Array & { readonly constructor: Float32ArrayConstructor };
    return new view.constructor(buffer, view.byteOffset, view.length) as T;
  }
  if (Array.isArray(value)) return value.map((item) => onBuffer(item, buffer)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, onBuffer(item, buffer)])) as T;
}
