// What the compiler of a program for Node sees, which knows no DOM and checks every declaration.
import { createOptimizer } from "@sumo/core";
import { createWasmEngine, type Engine, useEngine } from "@sumo/linalg";
import kernels from "@sumo/linalg/kernels.wasm";
import { createLlama } from "@sumo/llama";
import { connectMpi } from "@sumo/mpi";

export const engine: Engine = createWasmEngine({ bytes: 2 ** 20 }, kernels);
export const bytes: ArrayBuffer = engine.heap.memory.buffer;
useEngine(engine);
const w = new Float32Array(4);
createOptimizer([{ name: "w", shape: [2, 2], data: w }], { optimizer: "sumo", lr: 0.01 }, { collective: connectMpi() });
createLlama({ dim: 8, layers: 1, heads: 1 }).createPass(1, 4);
