import type { Engine } from "../engine.ts";
import { Heap, type HeapOptions } from "../heap.ts";
import { adamw } from "./adamw.ts";
import { gemm } from "./gemm.ts";
import { gemv } from "./gemv.ts";
import { gram } from "./gram.ts";
import { jacobiEigenSweep } from "./jacobi-eigen-sweep.ts";
import { jacobiSweep } from "./jacobi-sweep.ts";
import { scaleLines, squaredNorms } from "./lines.ts";
import { qlSweep } from "./ql-sweep.ts";
import { rankOneEigen } from "./rank-one-eigen.ts";
import { reflect } from "./reflect.ts";
import { updateMultiply } from "./update-multiply.ts";
import { axpby, convert, dot, largest } from "./vector.ts";

/** The kernels in plain TypeScript: the executable definition of {@link Engine}, and a fallback where WebAssembly SIMD is missing. Slow. */
export function createReferenceEngine(heap: Heap | HeapOptions = {}): Engine {
  return {
    name: "reference",
    heap: heap instanceof Heap ? heap : new Heap(heap),
    gemm,
    gram,
    axpby,
    convert,
    largest,
    dot,
    adamw,
    squaredNorms,
    scaleLines,
    jacobiSweep,
    jacobiEigenSweep,
    reflect,
    gemv,
    qlSweep,
    rankOneEigen,
    updateMultiply,
  };
}
