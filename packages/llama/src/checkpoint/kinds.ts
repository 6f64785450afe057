import type { LlamaConfig } from "../config.ts";

/** Kinds of models that are supported, by their `model_type`. */
export type Kind = "llama" | "mistral" | "qwen2" | "qwen3";

interface KindFacts {
  readonly architecture: string;
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
  /** Defaults of transformers' configuration class, where they differ from kind to kind. */
  readonly defaults: { readonly context: number; readonly kvHeads?: number; readonly headDim?: number };
  /** Keys that a new file has for its kind alone. */
  readonly fixed: Readonly<Record<string, unknown>>;
}

export const KINDS: Readonly<Record<Kind, KindFacts>> = {
  llama: {
    architecture: "LlamaForCausalLM",
    qkvBias: false,
    qkNorm: false,
    defaults: { context: 2048 },
    fixed: { attention_bias: false, mlp_bias: false },
  },
  mistral: {
    architecture: "MistralForCausalLM",
    qkvBias: false,
    qkNorm: false,
    defaults: { context: 131_072, kvHeads: 8 },
    fixed: { sliding_window: null },
  },
  qwen2: {
    architecture: "Qwen2ForCausalLM",
    qkvBias: true,
    qkNorm: false,
    defaults: { context: 32_768, kvHeads: 32 },
    fixed: { use_sliding_window: false },
  },
  qwen3: {
    architecture: "Qwen3ForCausalLM",
    qkvBias: false,
    qkNorm: true,
    defaults: { context: 32_768, kvHeads: 32, headDim: 128 },
    fixed: { attention_bias: false, use_sliding_window: false },
  },
};

export const isKind = (name: unknown): name is Kind => typeof name === "string" && Object.hasOwn(KINDS, name);

/** Kind of a config: that of the file that it was read from, or the first that has the config's biases and norms. */
export function kindOf({ published, qkvBias, qkNorm }: LlamaConfig): Kind {
  const fits = (kind: Kind): boolean => KINDS[kind].qkvBias === qkvBias && KINDS[kind].qkNorm === qkNorm;
  const known = published?.["model_type"];
  return isKind(known) && fits(known) ? known : (Object.keys(KINDS) as Kind[]).find(fits)!;
}
