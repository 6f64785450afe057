import { fillNormal } from "@sumo/linalg";
import type { Blocks, Lengths } from "./blocks.ts";
import { headDim, type LlamaConfig, qkvWidth } from "./config.ts";

/** What an optimizer may want to treat apart: `hidden` are the matrices inside the layers. */
export type ParameterKind = "embedding" | "norm" | "hidden" | "head";

/** One named tensor in Hugging Face's names and layout: matrices are [out, in], row-major. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly kind: ParameterKind;
}

/** The blocks of a layer. Matrices that share an input lie in one block, so that one product serves them. */
export type LayerBlock = "inputNorm" | "qkv" | "output" | "postNorm" | "gateUp" | "down";
/** The blocks outside the layers; a tied model has no `head`. */
export type OuterBlock = "embedding" | "norm" | "head";

export function layerLengths(config: LlamaConfig): Lengths<LayerBlock> {
  const { dim, hidden } = config;
  return {
    inputNorm: dim,
    qkv: qkvWidth(config) * dim,
    output: dim * dim,
    postNorm: dim,
    gateUp: 2 * hidden * dim,
    down: dim * hidden,
  };
}

/** The blocks that every model has outside its layers. */
export function outerLengths({ vocabSize, dim }: LlamaConfig): Lengths<Exclude<OuterBlock, "head">> {
  return { embedding: vocabSize * dim, norm: dim };
}

/** The parameters of layer `layer` as views of its blocks, or their gradients as views of the gradient blocks. */
export function layerParameters(config: LlamaConfig, layer: number, blocks: Blocks<LayerBlock>): readonly Parameter[] {
  const { dim, hidden } = config;
  const kv = config.kvHeads * headDim(config);
  const norm = (name: string, data: Float32Array): Parameter => ({
    name: `model.layers.${layer}.${name}.weight`,
    shape: [dim],
    data,
    kind: "norm",
  });
  const matrix = (name: string, block: Float32Array, firstRow: number, rows: number, columns: number): Parameter => ({
    name: `model.layers.${layer}.${name}_proj.weight`,
    shape: [rows, columns],
    data: block.subarray(firstRow * columns, (firstRow + rows) * columns),
    kind: "hidden",
  });
  return [
    norm("input_layernorm", blocks.inputNorm),
    matrix("self_attn.q", blocks.qkv, 0, dim, dim),
    matrix("self_attn.k", blocks.qkv, dim, kv, dim),
    matrix("self_attn.v", blocks.qkv, dim + kv, kv, dim),
    matrix("self_attn.o", blocks.output, 0, dim, dim),
    norm("post_attention_layernorm", blocks.postNorm),
    matrix("mlp.gate", blocks.gateUp, 0, hidden, dim),
    matrix("mlp.up", blocks.gateUp, hidden, hidden, dim),
    matrix("mlp.down", blocks.down, 0, dim, hidden),
  ];
}

/** The parameters outside the layers, or their gradients: embedding, final norm, and the head where the model has one of its own. */
export function outerParameters(
  { vocabSize, dim, tied }: LlamaConfig,
  blocks: Blocks<OuterBlock>,
): { readonly embedding: Parameter; readonly norm: Parameter; readonly head: Parameter | undefined } {
  const shape = [vocabSize, dim];
  return {
    embedding: { name: "model.embed_tokens.weight", shape, data: blocks.embedding, kind: "embedding" },
    norm: { name: "model.norm.weight", shape: [dim], data: blocks.norm, kind: "norm" },
    head: tied ? undefined : { name: "lm_head.weight", shape, data: blocks.head, kind: "head" },
  };
}

const DEVIATION = 0.02;
/** Streams of random numbers from here on, one a parameter, keep clear of those that small numbers name. */
const FIRST_STREAM = 2 ** 40;
const RESIDUAL = /\.(o|down)_proj\.weight$/;

/**
 * Normal numbers of deviation 0.02, that of the projections into the residual stream divided by √(2 layers), norms 1
 * (Radford et al. 2019, §2.3). The same bits on every machine for the same seed.
 */
export function initializeParameters(parameters: readonly Parameter[], layers: number, seed: number): void {
  parameters.forEach(({ name, data, kind }, i) => {
    if (kind === "norm") {
      data.fill(1);
      return;
    }
    fillNormal(data, [seed, FIRST_STREAM + i, 0]);
    const deviation = RESIDUAL.test(name) ? DEVIATION / Math.sqrt(2 * layers) : DEVIATION;
    for (let j = 0; j < data.length; j++) data[j]! *= deviation;
  });
}
