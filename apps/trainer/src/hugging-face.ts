import type { LlamaConfig } from "@sumo/llama";
import { RunError } from "./errors.ts";

/** The keys of a Hugging Face LLaMA `config.json` that this model has a use for. */
export interface HuggingFaceConfig {
  readonly architectures: readonly string[];
  readonly model_type: string;
  readonly hidden_act: string;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly rope_theta: number;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings: boolean;
  readonly torch_dtype: string;
}

/** The model's configuration in Hugging Face's words. */
export function toHuggingFace(config: LlamaConfig): HuggingFaceConfig {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_act: "silu",
    vocab_size: config.vocabSize,
    hidden_size: config.dim,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    intermediate_size: config.hidden,
    max_position_embeddings: config.context,
    rope_theta: config.ropeTheta,
    rms_norm_eps: config.normEps,
    tie_word_embeddings: config.tied,
    torch_dtype: "float32",
  };
}

/** The inverse of {@link toHuggingFace}. @throws {RunError} if it describes another kind of model. */
export function fromHuggingFace(file: HuggingFaceConfig): LlamaConfig {
  if (file.model_type !== "llama")
    throw new RunError(`config.json: expected model_type "llama", got ${JSON.stringify(file.model_type)}`);
  return {
    vocabSize: file.vocab_size,
    dim: file.hidden_size,
    layers: file.num_hidden_layers,
    heads: file.num_attention_heads,
    kvHeads: file.num_key_value_heads ?? file.num_attention_heads,
    hidden: file.intermediate_size,
    context: file.max_position_embeddings,
    ropeTheta: file.rope_theta ?? 10000,
    normEps: file.rms_norm_eps ?? 1e-6,
    tied: file.tie_word_embeddings ?? false,
  };
}
