import { attendedWidth, checkConfig, type LlamaConfig, qkvWidth } from "../config.ts";
import type { Blocks, Lengths } from "../memory/blocks.ts";

/** Kind of a parameter, to group by in an optimizer; `hidden` are the matrices inside the layers. */
export type ParameterKind = "embedding" | "norm" | "bias" | "hidden" | "head";

/** Name, shape and kind of a parameter, in Hugging Face's names and layout: matrices are [out, in], row-major. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: ParameterKind;
}

/** Numbers of a weight: float32, or the bits of bfloat16. */
export type WeightData = Float32Array | Uint16Array;

/** A parameter with its values, or those of its gradient. */
export interface Parameter<Data extends WeightData = Float32Array> extends ParameterShape {
  readonly data: Data;
}

/** Halves of a layer: each adds its output to the residual stream, and the weight gradients of each are complete together. */
export type LayerHalf = "attention" | "feedForward";
/** Blocks of a layer. Matrices with the same input lie in one block, so that one product serves them. */
export type LayerBlock = "inputNorm" | "qkv" | "qkvBias" | "headNorms" | "output" | "postNorm" | "gateUp" | "down";
/** Blocks outside the layers; a tied model has no `head`. */
export type OuterBlock = "embedding" | "norm" | "head";

/** Blocks of each half of a layer. */
const HALF_BLOCKS: Readonly<Record<LayerHalf, readonly LayerBlock[]>> = {
  attention: ["inputNorm", "qkv", "qkvBias", "headNorms", "output"],
  feedForward: ["postNorm", "gateUp", "down"],
};

/** Lengths of the blocks of one layer; 0 where a model has no such block. `headNorms` are the norm of queries, then that of keys. */
export function layerLengths(config: LlamaConfig): Lengths<LayerBlock> {
  const { dim, hidden, headDim, qkvBias, qkNorm } = config;
  return {
    inputNorm: dim,
    qkv: qkvWidth(config) * dim,
    qkvBias: qkvBias ? qkvWidth(config) : 0,
    headNorms: qkNorm ? 2 * headDim : 0,
    output: dim * attendedWidth(config),
    postNorm: dim,
    gateUp: 2 * hidden * dim,
    down: dim * hidden,
  };
}

/** Lengths of the blocks that every model has outside its layers. */
export function outerLengths({ vocabSize, dim }: LlamaConfig): Lengths<Exclude<OuterBlock, "head">> {
  return { embedding: vocabSize * dim, norm: dim };
}

/** A parameter as a slice of a block. */
export interface Part<Block extends string> extends ParameterShape {
  readonly block: Block;
  /** First element in the block. */
  readonly offset: number;
}

/** Number of elements of a parameter. */
export const lengthOf = ({ shape }: ParameterShape): number => shape.reduce((product, size) => product * size, 1);

/** The parameters of layer `layer`. */
export function layerParts(config: LlamaConfig, layer: number): readonly Part<LayerBlock>[] {
  const { dim, hidden, headDim, qkvBias, qkNorm } = config;
  const q = attendedWidth(config);
  const kv = config.kvHeads * headDim;
  const part = (
    name: string,
    kind: ParameterKind,
    block: LayerBlock,
    offset: number,
    ...shape: number[]
  ): Part<LayerBlock> => ({ name: `model.layers.${layer}.${name}`, shape, kind, block, offset });
  const norm = (name: string, block: LayerBlock, offset: number, length: number): Part<LayerBlock> =>
    part(`${name}.weight`, "norm", block, offset, length);
  const matrix = (name: string, block: LayerBlock, row: number, rows: number, columns: number): Part<LayerBlock> =>
    part(`${name}_proj.weight`, "hidden", block, row * columns, rows, columns);
  const bias = (name: string, offset: number, length: number): Part<LayerBlock> =>
    part(`self_attn.${name}_proj.bias`, "bias", "qkvBias", offset, length);
  return [
    norm("input_layernorm", "inputNorm", 0, dim),
    matrix("self_attn.q", "qkv", 0, q, dim),
    matrix("self_attn.k", "qkv", q, kv, dim),
    matrix("self_attn.v", "qkv", q + kv, kv, dim),
    ...(qkvBias ? [bias("q", 0, q), bias("k", q, kv), bias("v", q + kv, kv)] : []),
    ...(qkNorm
      ? [norm("self_attn.q_norm", "headNorms", 0, headDim), norm("self_attn.k_norm", "headNorms", headDim, headDim)]
      : []),
    matrix("self_attn.o", "output", 0, dim, q),
    norm("post_attention_layernorm", "postNorm", 0, dim),
    matrix("mlp.gate", "gateUp", 0, hidden, dim),
    matrix("mlp.up", "gateUp", hidden, hidden, dim),
    matrix("mlp.down", "down", 0, dim, hidden),
  ];
}

/** The parameters outside the layers. */
export function outerParts({ vocabSize, dim }: LlamaConfig): Readonly<Record<OuterBlock, Part<OuterBlock>>> {
  const shape = [vocabSize, dim];
  return {
    embedding: { name: "model.embed_tokens.weight", shape, kind: "embedding", block: "embedding", offset: 0 },
    norm: { name: "model.norm.weight", shape: [dim], kind: "norm", block: "norm", offset: 0 },
    head: { name: "lm_head.weight", shape, kind: "head", block: "head", offset: 0 },
  };
}

/**
 * Names, shapes and kinds of the parameters of a model of this config, in the model's order: embedding, layer by layer, final norm, and
 * the head unless it is tied. Allocates no weights; for plans of memory.
 */
export function parameterShapes(config: LlamaConfig): readonly ParameterShape[] {
  checkConfig("parameterShapes", config);
  const { embedding, norm, head } = outerParts(config);
  const layers = Array.from({ length: config.layers }, (_, layer) => layerParts(config, layer)).flat();
  const parts: readonly ParameterShape[] = [embedding, ...layers, norm, ...(config.tied ? [] : [head])];
  return parts.map(({ name, shape, kind }) => ({ name, shape, kind }));
}

function view<Block extends string, Data extends WeightData>(
  part: Part<Block>,
  blocks: Readonly<Record<Block, Data>>,
): Parameter<Data> {
  const { name, shape, kind, block, offset } = part;
  return { name, shape, kind, data: blocks[block].subarray(offset, offset + lengthOf(part)) as Data };
}

/** The parameters of one half of layer `layer`. */
export function halfParts(config: LlamaConfig, layer: number, half: LayerHalf): readonly Part<LayerBlock>[] {
  return layerParts(config, layer).filter(({ block }) => HALF_BLOCKS[half].includes(block));
}

/** The gradients of one half of layer `layer`, as views of the gradient blocks. */
export function halfGradients(
  config: LlamaConfig,
  layer: number,
  half: LayerHalf,
  blocks: Blocks<LayerBlock>,
): readonly Parameter[] {
  return halfParts(config, layer, half).map((part) => view(part, blocks));
}

/** The parameters of layer `layer` as views of its blocks. */
export function layerParameters(
  config: LlamaConfig,
  layer: number,
  blocks: Readonly<Record<LayerBlock, WeightData>>,
): readonly Parameter<WeightData>[] {
  return layerParts(config, layer).map((part) => view(part, blocks));
}

/** The parameters outside the layers, or their gradients; a tied model's head is its embedding. */
export function outerParameters<Data extends WeightData>(
  config: LlamaConfig,
  blocks: Readonly<Record<OuterBlock, Data>>,
): Readonly<Record<OuterBlock, Parameter<Data>>> {
  const { embedding, norm, head } = outerParts(config);
  return { embedding: view(embedding, blocks), norm: view(norm, blocks), head: view(head, blocks) };
}
