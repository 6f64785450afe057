import { safetensorsPieces } from "@sumo/core";
import type { Dtype, Tensor } from "@sumo/llama";
import type { TrainedModel } from "../model-folder.ts";
import { alignedSize, ggufHeader } from "./gguf-header.ts";
import { architectureOf, modelMetadata, ropeFactors } from "./model-metadata.ts";
import { tensorName } from "./tensor-name.ts";
import { tokenizerMetadata } from "./tokenizer-metadata.ts";

/** Types of GGML, by the type that a tensor was published in. */
const TYPES: Readonly<Record<Dtype, { readonly id: number; readonly bytes: number }>> = {
  F32: { id: 0, bytes: 4 },
  F64: { id: 0, bytes: 4 }, // GGUF's models have none
  F16: { id: 1, bytes: 2 },
  BF16: { id: 30, bytes: 2 },
};

/**
 * A model as a GGUF file, version 3, that llama.cpp runs: in pieces, one a tensor. Matrices keep the type that they were published in; vectors are
 * float32, as llama.cpp wants them.
 *
 * @param tensors - the model's weights, by Hugging Face's names.
 * @param title - name of the model.
 * @throws {RunError} if llama.cpp has no tokenizer of this kind.
 */
export function ggufPieces(
  { config, tokenizer, dtypes, companions }: TrainedModel,
  tensors: Readonly<Record<string, Tensor>>,
  title: string,
): Iterable<Uint8Array> {
  const isLlama = architectureOf(config) === "llama";
  const written = Object.entries(tensors).map(([name, tensor]): WrittenTensor => {
    const dtype = tensor.shape.length === 1 ? "F32" : (dtypes[name] ?? "F32");
    return { name: tensorName(name), dtype, tensor, heads: isLlama ? interleavedHeads(name, config) : undefined };
  });
  const factors = ropeFactors(config);
  if (factors !== undefined) {
    const tensor = { shape: [factors.length], data: factors };
    written.push({ name: "rope_freqs.weight", dtype: "F32", tensor, heads: undefined });
  }
  const header = ggufHeader(
    { ...modelMetadata(config, title), ...tokenizerMetadata(tokenizer, config.vocabSize, companions) },
    written.map(({ name, dtype, tensor: { shape } }) => ({ name, shape, ...TYPES[dtype] })),
  );
  return (function* () {
    yield header;
    for (const { dtype, tensor, heads } of written) {
      yield* aligned(bytesOf(heads === undefined ? tensor : interleaved(tensor, heads), dtype));
    }
  })();
}

interface WrittenTensor {
  /** llama.cpp's name. */
  readonly name: string;
  readonly dtype: Dtype;
  readonly tensor: Tensor;
  /** Heads whose rows are interleaved; `undefined` if none are. */
  readonly heads: number | undefined;
}

/** Heads of a matrix whose rows are turned by position; `undefined` for others. */
function interleavedHeads(name: string, { heads, kvHeads }: TrainedModel["config"]): number | undefined {
  if (name.endsWith("q_proj.weight")) return heads;
  return name.endsWith("k_proj.weight") ? kvHeads : undefined;
}

/** Rows of each head in the order c, c + half, of which llama.cpp's LLaMA turns neighbours: Hugging Face's turns rows that are half a head apart. */
function interleaved({ shape, data }: Tensor, heads: number): Tensor {
  const [rows, cols] = shape as readonly [number, number];
  const half = rows / heads / 2;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / (2 * half));
    const within = row % (2 * half);
    const from = head * 2 * half + (within % 2) * half + Math.floor(within / 2);
    out.set(data.subarray(from * cols, (from + 1) * cols), row * cols);
  }
  return { shape, data: out };
}

/** The numbers of a tensor in a type. @throws {SafetensorsError} if one is too large for it. */
function bytesOf({ shape, data }: Tensor, dtype: Dtype): Uint8Array {
  const single = data instanceof Float32Array ? data : Float32Array.from(data);
  const half = dtype === "F16" || dtype === "BF16" ? { dtype } : {};
  const [, bytes] = safetensorsPieces({ tensor: { shape, data: single, ...half } }); // the first piece is a header
  return bytes!;
}

function* aligned(bytes: Uint8Array): Generator<Uint8Array> {
  yield bytes;
  yield new Uint8Array(alignedSize(bytes.length) - bytes.length);
}
