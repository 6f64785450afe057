import { SMOLLM_135M } from "../smollm-135m.js";

/** Task of a width: a LLaMA of 4 layers on batches of 8 × 128 bytes, its config in Hugging Face's layout, and the rank of SUMO's subspace. */
export function widthTask(width) {
  const config = {
    model_type: "llama",
    vocab_size: 256,
    hidden_size: width,
    num_hidden_layers: 4,
    num_attention_heads: width / 32,
    intermediate_size: Math.ceil((8 * width) / 3 / 32) * 32,
    max_position_embeddings: 128,
    rms_norm_eps: 1e-5,
  };
  return { config, batch: 8, length: 128, rank: 32 };
}

/** Fine-tuning of a published model's shape: a window of 256 tokens for each of two threads. */
export const PUBLISHED_TASK = { config: SMOLLM_135M, batch: 2, length: 256, rank: 64 };

/** Tokens of a text to continue, and those that continue it. */
export const [PROMPT, SAMPLED] = [16, 48];

export function data({ config, batch, length }) {
  const draw = (factor) => Int32Array.from({ length: batch * length }, (_, i) => (i * factor) % config.vocab_size);
  return { tokens: draw(7919), targets: draw(104729) };
}
