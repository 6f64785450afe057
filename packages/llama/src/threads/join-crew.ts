import { createWasmEngine, describe, Heap } from "@sumo/linalg";
import type { LlamaConfig } from "../config.ts";
import { CrewError } from "../errors.ts";
import { createWasmKernels } from "../kernels/wasm-kernels.ts";
import type { Activations, PassShape } from "../pass/activations.ts";
import { type PassContext, passSpan } from "../pass/context.ts";
import type { Gradients } from "../pass/gradients.ts";
import { runBackward, runLoss } from "../pass/schedule.ts";
import type { Weights } from "../weights/weights.ts";
import { Barrier } from "./barrier.ts";

/** Message that asks a worker to join a crew. Its typed arrays are views of the shared `memory`. */
export interface Invitation {
  readonly memory: Heap["memory"];
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
 * Joins a worker to a threaded pass: the worker's message handler. Returns when the pass is disposed, or another member is lost.
 *
 * @throws {CrewError} for another message.
 *
 * @example
 * parentPort.on("message", joinCrew); // Node's worker_threads
 * self.onmessage = (event) => joinCrew(event.data); // a browser
 */
export function joinCrew(invitation: unknown): void {
  if (!isInvitation(invitation)) {
    throw new CrewError("joinCrew", `expected the message of createThreadedPass, got ${describe(invitation)}`);
  }
  const { memory, index, config, shape, ...views } = invitation;
  const { heap, words, weights, activations, gradients } = onBuffer(views, memory.buffer);
  const barrier = new Barrier(words, index, shape.threads);
  const engine = createWasmEngine(new Heap({ memory, start: heap.byteOffset, bytes: heap.byteLength }));
  const kernels = createWasmKernels(engine.heap);
  const scratch = activations.scratch[index]!;
  const panel = activations.panels[index]!;
  const { dtype } = shape;
  const span = passSpan(config, shape, barrier);
  const context = { config, shape, engine, kernels, weights, dtype, activations, scratch, panel, span, crew: barrier };
  if (!barrier.join()) return;
  try {
    work(barrier, context, gradients);
  } catch (error) {
    if (error instanceof CrewError) return; // the calling thread throws it as well
    barrier.close();
    throw error;
  } finally {
    barrier.leave();
  }
}

function isInvitation(message: unknown): message is Invitation {
  const { memory, words, heap, shape } = (message ?? {}) as Partial<Invitation>;
  return memory?.buffer !== undefined && ArrayBuffer.isView(words) && ArrayBuffer.isView(heap) && shape !== undefined;
}

/** Follows the orders of member 0 until it orders to leave. */
function work(barrier: Barrier, context: PassContext, gradients: Invitation["gradients"]): void {
  for (;;) {
    barrier.wait();
    const { order } = barrier;
    if (order === "loss") runLoss(context);
    else if (order === "backward") runBackward(context, gradients, () => {});
    else return;
  }
}

/** Re-creates the views on `buffer`: a posted view has a new buffer object for the same memory, and a heap accepts its own object only. */
function onBuffer<T>(value: T, buffer: ArrayBufferLike): T {
  if (ArrayBuffer.isView(value)) {
    const view = value as unknown as Float32Array & { readonly constructor: Float32ArrayConstructor };
    return new view.constructor(buffer, view.byteOffset, view.length) as T;
  }
  if (Array.isArray(value)) return value.map((item) => onBuffer(item, buffer)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, onBuffer(item, buffer)])) as T;
}
