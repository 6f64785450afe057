import { createWasmEngine, Heap } from "@sumo/linalg";
import type { Activations, PassShape } from "./activations.ts";
import type { LlamaConfig } from "./config.ts";
import { Control, TASKS } from "./control.ts";
import { CrewError } from "./errors.ts";
import type { Gradients } from "./gradients.ts";
import { createWasmKernels } from "./kernels/wasm.ts";
import { runBackward, runLoss } from "./program.ts";
import { passSpan, type Run } from "./run.ts";
import type { Weights } from "./weights.ts";

/** What a worker needs to join. Typed arrays lie in `memory`, which is shared; a message carries them as views. */
export interface Invitation {
  readonly memory: WebAssembly.Memory;
  readonly heap: Uint8Array;
  readonly words: Int32Array;
  readonly index: number;
  readonly config: LlamaConfig;
  readonly shape: PassShape;
  readonly weights: Weights;
  readonly activations: Activations;
  readonly gradients: Pick<Gradients, "layer" | "outer">;
}

/**
 * Lets a worker take part in a threaded pass: give it every message that the worker receives. It returns when the pass is disposed,
 * or another member is lost.
 *
 * @example
 * parentPort.on("message", joinCrew); // Node's worker_threads
 * self.onmessage = (event) => joinCrew(event.data); // a browser
 */
export function joinCrew(invitation: unknown): void {
  const { memory, index, config, shape, ...views } = invitation as Invitation;
  const { heap, words, weights, activations, gradients } = onBuffer(views, memory.buffer);
  const control = new Control(words, index, shape.threads);
  const engine = createWasmEngine(new Heap({ memory, start: heap.byteOffset, bytes: heap.byteLength }));
  const kernels = createWasmKernels(engine.heap);
  const scratch = activations.scratch[index]!;
  const span = passSpan(config, shape, control);
  const run = { config, shape, engine, kernels, weights, activations, scratch, span, crew: control };
  if (!control.join()) return;
  try {
    work(control, run, gradients);
  } catch (error) {
    if (error instanceof CrewError) return; // the calling thread gets it as well
    control.close();
    throw error;
  } finally {
    control.leave();
  }
}

/** Does what the first member says, until it says leave. */
function work(control: Control, run: Run, gradients: Invitation["gradients"]): void {
  for (;;) {
    control.wait();
    const { task } = control;
    if (task === TASKS.loss) runLoss(run);
    else if (task === TASKS.backward) runBackward(run, gradients, () => {});
    else return;
  }
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
