import { type LlamaConfig, rotaryFrequencies } from "@sumo/llama";
import type { GgufMetadata } from "./gguf-header.ts";

/** llama.cpp's name of the kind of a model. */
export function architectureOf({ qkvBias, qkNorm }: LlamaConfig): "llama" | "qwen2" | "qwen3" {
  if (qkNorm) return "qwen3";
  return qkvBias ? "qwen2" : "llama";
}

/** A model's shape, under llama.cpp's names. */
export function modelMetadata(config: LlamaConfig, title: string): GgufMetadata {
  const architecture = architectureOf(config);
  const { vocabSize, dim, layers, heads, kvHeads, headDim, hidden, context, ropeTheta, normEps } = config;
  const shape: GgufMetadata = {
    vocab_size: { count: vocabSize },
    context_length: { count: context },
    embedding_length: { count: dim },
    block_count: { count: layers },
    feed_forward_length: { count: hidden },
    "rope.dimension_count": { count: headDim },
    "rope.freq_base": { real: ropeTheta },
    "attention.head_count": { count: heads },
    "attention.head_count_kv": { count: kvHeads },
    "attention.key_length": { count: headDim },
    "attention.value_length": { count: headDim },
    "attention.layer_norm_rms_epsilon": { real: normEps },
  };
  return {
    "general.architecture": { text: architecture },
    "general.type": { text: "model" },
    "general.name": { text: title },
    ...Object.fromEntries(Object.entries(shape).map(([key, value]) => [`${architecture}.${key}`, value])),
  };
}

/** By what llama.cpp divides the rotary frequencies of a model for long contexts; `undefined` if they are not scaled. */
export function ropeFactors(config: LlamaConfig): Float32Array | undefined {
  if (config.ropeScaling === null) return undefined;
  const scaled = rotaryFrequencies(config);
  return Float32Array.from(rotaryFrequencies({ ...config, ropeScaling: null }), (plain, c) => plain / scaled[c]!);
}
