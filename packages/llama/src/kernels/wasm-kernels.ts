import { type Heap, instantiateKernels, instantiateModule } from "@sumo/linalg";
import { InputError } from "../errors.ts";
import { wasmDeflated } from "./kernels.generated.ts";
import type { Kernels } from "./kernels.ts";

/** Exports of `assembly/index.ts`, which take the addresses of arrays. */
type Exports = Record<keyof Kernels, (...parameters: number[]) => void>;

/**
 * Creates the kernels in WebAssembly SIMD on the memory of `heap`.
 *
 * Accuracy: sums over a row are float32 in four lanes; eˣ is within 3 · 2⁻²⁴ relative, 0 below −87.33.
 * @param module - They, compiled; default: from their bytes.
 * @throws {UnsupportedError} where WebAssembly or its SIMD instructions are missing, or bytes may not be compiled. @throws {InputError} for
 * another module. @throws {ArgumentError} for no module, or one on a heap of shared memory.
 */
export function createWasmKernels(heap: Heap, module?: object): Kernels {
  const wasm =
    module === undefined ? instantiateKernels<Exports>(wasmDeflated, heap) : instantiateModule<Exports>(module, heap);
  if (typeof wasm.embed !== "function") {
    throw new InputError("createLlama", "expected the module of @sumo/llama/kernels.wasm in kernels, got another");
  }
  const at = (array: Float32Array | Float64Array | Int32Array | Uint16Array, offset = 0): number =>
    array.byteOffset + offset * array.BYTES_PER_ELEMENT;
  /** Address 0, where no block of a heap begins, stands for no norms. */
  const normsAt = (headNorms: Float32Array): number => (headNorms.length === 0 ? 0 : at(headNorms));
  return {
    embed: (rows, dim, table, tokens, tokensOffset, out, outOffset) =>
      wasm.embed(rows, dim, at(table), at(tokens, tokensOffset), at(out, outOffset)),
    embedGradient: (rows, dim, tokens, dOut, dTable) => wasm.embedGradient(rows, dim, at(tokens), at(dOut), at(dTable)),
    rmsNorm: (rows, dim, eps, x, xOffset, weight, out, outOffset, inverse, inverseOffset) =>
      wasm.rmsNorm(rows, dim, eps, at(x, xOffset), at(weight), at(out, outOffset), at(inverse, inverseOffset)),
    rmsNormBackward: (rows, dim, x, xOffset, weight, inverse, inverseOffset, dOut, dOutOffset, dX, dXOffset) =>
      wasm.rmsNormBackward(
        rows,
        dim,
        at(x, xOffset),
        at(weight),
        at(inverse, inverseOffset),
        at(dOut, dOutOffset),
        at(dX, dXOffset),
      ),
    rmsNormWeightGradient: (rows, dim, x, inverse, dOut, dWeight) =>
      wasm.rmsNormWeightGradient(rows, dim, at(x), at(inverse), at(dOut), at(dWeight)),
    sumRows: (rows, width, x, out) => wasm.sumRows(rows, width, at(x), at(out)),
    attention: (shape, start, rotation, headNorms, qkv, qkvOffset, out, outOffset, stats, statsOffset, scratch) =>
      wasm.attention(
        shape.batch,
        start,
        shape.length,
        shape.heads,
        shape.kvHeads,
        shape.headDim,
        at(qkv, qkvOffset),
        at(rotation.cosines),
        at(rotation.sines),
        at(out, outOffset),
        at(stats, statsOffset),
        at(scratch),
        shape.normEps,
        normsAt(headNorms),
      ),
    attentionBackward: (
      shape,
      rotation,
      headNorms,
      qkv,
      qkvOffset,
      out,
      dOut,
      outOffset,
      stats,
      statsOffset,
      sums,
      sumsOffset,
      scratch,
    ) =>
      wasm.attentionBackward(
        shape.batch,
        shape.length,
        shape.heads,
        shape.kvHeads,
        shape.headDim,
        at(qkv, qkvOffset),
        at(rotation.cosines),
        at(rotation.sines),
        at(out, outOffset),
        at(dOut, outOffset),
        at(stats, statsOffset),
        at(scratch),
        shape.normEps,
        normsAt(headNorms),
        at(sums, sumsOffset),
      ),
    swiglu: (rows, hidden, gateUp, gateUpOffset, out, outOffset) =>
      wasm.swiglu(rows, hidden, at(gateUp, gateUpOffset), at(out, outOffset)),
    swigluBackward: (rows, hidden, gateUp, gateUpOffset, out, outOffset) =>
      wasm.swigluBackward(rows, hidden, at(gateUp, gateUpOffset), at(out, outOffset)),
    crossEntropy: (rows, vocab, scale, logits, logitsOffset, targets, targetsOffset, losses, lossesOffset) =>
      wasm.crossEntropy(
        rows,
        vocab,
        at(logits, logitsOffset),
        at(targets, targetsOffset),
        at(losses, lossesOffset),
        scale,
      ),
    widen: (count, x, xOffset, out, outOffset) => wasm.widen(count, at(x, xOffset), at(out, outOffset)),
    roundAtRandom: (count, x, xOffset, firstKey, secondKey, out, outOffset) =>
      wasm.roundAtRandom(count, at(x, xOffset), firstKey, secondKey, at(out, outOffset)),
  };
}
