import { ArgumentError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { Heap, type HeapOptions } from "../heap.ts";
import type { WasmModule } from "../web-assembly.ts";
import { factorizations } from "./factorizations.ts";
import { instantiateKernels, instantiateModule } from "./instantiate.ts";
import { wasmDeflated } from "./kernels.generated.ts";
import type { Kernels } from "./kernels.ts";
import { Staging, span } from "./staging.ts";

/**
 * The default engine: WebAssembly with SIMD, the same bits in every runtime.
 *
 * @param heap - options of a new heap, or a heap to share with other engines and modules.
 * @param module - The compiled kernels, `import`ed from `@sumo/linalg/kernels.wasm`, where a runtime forbids compiling from bytes; for heaps
 * that are not shared.
 * @throws {UnsupportedError} where WebAssembly has no SIMD instructions, or may not be compiled from bytes. @throws {ArgumentError} for another
 * module.
 * Scratch for packing, and copies of operands that lie outside the heap, stay allocated in the heap for the next call.
 */
export function createWasmEngine(heap: Heap | HeapOptions = {}, module?: WasmModule): Engine {
  const own = heap instanceof Heap ? heap : new Heap(heap);
  const kernels =
    module === undefined ? instantiateKernels<Kernels>(wasmDeflated, own) : instantiateModule<Kernels>(module, own);
  if (typeof kernels.gemm32 === "function") return assembleEngine("wasm", kernels, own);
  throw new ArgumentError("createWasmEngine", "expected the module of @sumo/linalg/kernels.wasm, got another");
}

/** An engine from the module's exports, or from functions that stand in for some of them. */
export function assembleEngine(name: string, kernels: Kernels, heap: Heap): Engine {
  return { name, heap, ...products(kernels, heap), ...elementwise(kernels, heap), ...factorizations(kernels) };
}

function products(kernels: Kernels, heap: Heap): Pick<Engine, "gemm" | "gram"> {
  const scratch = new Staging(heap);
  const stageA = new Staging(heap);
  const stageB = new Staging(heap);
  const stageC = new Staging(heap);
  return {
    gemm(transA, transB, m, n, k, alpha, a, aOffset, lda, b, bOffset, ldb, beta, c, cOffset, ldc) {
      const single = c.BYTES_PER_ELEMENT === 4;
      const size = span(m, n, ldc);
      const aAt = stageA.input(a, aOffset, transA ? span(k, m, lda) : span(m, k, lda));
      const bAt = stageB.input(b, bOffset, transB ? span(n, k, ldb) : span(k, n, ldb));
      const cAt = stageC.input(c, cOffset, size);
      const work = scratch.scratch((single ? kernels.gemmScratch32 : kernels.gemmScratch64)(m, n, k));
      const kernel = single ? kernels.gemm32 : kernels.gemm64;
      kernel(transA, transB, m, n, k, alpha, aAt, lda, bAt, ldb, beta, cAt, ldc, work);
      stageC.output(c, cOffset, size, cAt);
    },
    gram(trans, n, k, a, aOffset, lda, c, cOffset, ldc) {
      const size = span(n, n, ldc);
      const aAt = stageA.input(a, aOffset, trans ? span(k, n, lda) : span(n, k, lda));
      const cAt = stageC.input(c, cOffset, size);
      const work = scratch.scratch(kernels.gramScratch(n, k));
      (a.BYTES_PER_ELEMENT === 4 ? kernels.gram32 : kernels.gram64)(trans, n, k, aAt, lda, cAt, ldc, work);
      stageC.output(c, cOffset, size, cAt);
    },
  };
}

function elementwise(
  kernels: Kernels,
  heap: Heap,
): Pick<Engine, "axpby" | "convert" | "largest" | "dot" | "squaredNorms" | "scaleLines" | "adamw"> {
  const stageX = new Staging(heap);
  const stageY = new Staging(heap);
  const stageM = new Staging(heap);
  const stageV = new Staging(heap);
  return {
    axpby(n, alpha, x, xOffset, beta, y, yOffset) {
      const yAt = stageY.input(y, yOffset, n);
      const xAt = stageX.input(x, xOffset, n);
      (y.BYTES_PER_ELEMENT === 4 ? kernels.axpby32 : kernels.axpby64)(n, alpha, xAt, beta, yAt);
      stageY.output(y, yOffset, n, yAt);
    },
    convert(n, alpha, x, xOffset, y, yOffset) {
      const yAt = stageY.input(y, yOffset, n);
      const xAt = stageX.input(x, xOffset, n);
      const single = y.BYTES_PER_ELEMENT === 4;
      if (x.BYTES_PER_ELEMENT === 4) (single ? kernels.convert3232 : kernels.convert3264)(n, alpha, xAt, yAt);
      else (single ? kernels.convert6432 : kernels.convert6464)(n, alpha, xAt, yAt);
      stageY.output(y, yOffset, n, yAt);
    },
    largest(n, x, xOffset) {
      const xAt = stageX.input(x, xOffset, n);
      return (x.BYTES_PER_ELEMENT === 4 ? kernels.largest32 : kernels.largest64)(n, xAt);
    },
    dot(n, x, xOffset, y, yOffset) {
      const xAt = stageX.input(x, xOffset, n);
      // Of a norm both are the same.
      const yAt = y === x && yOffset === xOffset ? xAt : stageY.input(y, yOffset, n);
      return (x.BYTES_PER_ELEMENT === 4 ? kernels.dot32 : kernels.dot64)(n, xAt, yAt);
    },
    squaredNorms(trans, m, n, a, aOffset, lda, out) {
      const lines = trans ? n : m;
      const outAt = stageY.input(out, 0, lines);
      kernels.squaredNorms(trans, m, n, stageX.input(a, aOffset, span(m, n, lda)), lda, outAt);
      stageY.output(out, 0, lines, outAt);
    },
    scaleLines(trans, m, n, factors, a, aOffset, lda, out, outOffset, ldo) {
      const size = span(m, n, ldo);
      const factorsAt = stageM.input(factors, 0, trans ? n : m);
      const aAt = stageX.input(a, aOffset, span(m, n, lda));
      const outAt = stageY.input(out, outOffset, size);
      kernels.scaleLines(trans, m, n, factorsAt, aAt, lda, outAt, ldo);
      stageY.output(out, outOffset, size, outAt);
    },
    adamw(n, w, wOffset, g, gOffset, m, mOffset, v, vOffset, lr, beta1, beta2, eps, decay, c1, c2) {
      const wAt = stageX.input(w, wOffset, n);
      const gAt = stageY.input(g, gOffset, n);
      const mAt = stageM.input(m, mOffset, n);
      const vAt = stageV.input(v, vOffset, n);
      kernels.adamw(n, wAt, gAt, mAt, vAt, lr, beta1, beta2, eps, decay, c1, c2);
      stageX.output(w, wOffset, n, wAt);
      stageM.output(m, mOffset, n, mAt);
      stageV.output(v, vOffset, n, vAt);
    },
  };
}
