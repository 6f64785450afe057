import { createThreadedEngine, createWasmEngine, Heap, matmulInto, matrix, Workspace } from "@sumo/linalg";
import { createNativeEngine } from "@sumo/linalg/native";

const heap = new Heap({ bytes: 2 ** 29, shared: true });

/** This repository's package on each of its engines, the system's BLAS on one thread; operands lie in the engine's heap. */
export async function load() {
  process.env.OPENBLAS_NUM_THREADS = "1";
  const threaded = createThreadedEngine({ heap, threads: 2 });
  while (threaded.idleWorkers < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  return [
    contestant("@sumo/linalg wasm", createWasmEngine(heap)),
    { ...contestant("@sumo/linalg wasm, 2 threads", threaded), dispose: () => threaded.dispose() },
    contestant("@sumo/linalg native", createNativeEngine(heap)),
  ];
}

const contestant = (name, engine) => ({
  name,
  matmul({ dtype, m, n, transposeA, transposeB }, a, b) {
    const work = new Workspace(engine, 0);
    const [left, right] = [inHeap(dtype, a), inHeap(dtype, b)];
    const out = matrix(m, n, heap[dtype](m * n));
    return {
      run: () => matmulInto(out, left, right, { transposeA, transposeB }, work),
      result: () => out.data,
      dispose() {
        work.dispose();
        for (const { data } of [left, right, out]) heap.release(data);
      },
    };
  },
});

function inHeap(dtype, { rows, cols, data }) {
  const copy = heap[dtype](rows * cols);
  copy.set(data);
  return matrix(rows, cols, copy);
}
