import type { HeapOptions } from "../../heap.ts";
import type { Engine } from "../engine.ts";
import { createReferenceEngine } from "../reference/reference-engine.ts";

export function createWasmEngine(heap: HeapOptions = {}): Engine {
  return createReferenceEngine(heap);
}
