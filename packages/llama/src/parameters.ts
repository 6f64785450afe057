import { fillNormal } from "@sumo/linalg";
import type { Blocks, Lengths } from "./blocks.ts";
import { headDim, type LlamaConfig, qkvWidth } from "./config.ts";
import type { Phase } from "./crew.ts";

/** What an optimizer may want to treat apart: `hidden` are the matrices inside the layers. */
export type ParameterKind = "embedding" | "norm" | "hidden" | "head";

/** Name, shape and kind of a tensor in Hugging Face's names and layout: matrices are [out, in], row-major. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: ParameterKind;
}

/** A tensor and its numbers. */
export interface Parameter extends ParameterShape {
  readonly data: Float32Array;
}

/** The blocks of a layer. Matrices that share an input lie in one block, so that one product serves them. */
export type LayerBlock = "inputNorm" | "qkv" | "output" | "postNorm" | "gateUp" | "down";
/** The blocks outside the layers; a tied model has no `head`. */
export type OuterBlock = "embedding" | "norm" | "head";

/** Where the gradients of a phase lie. */
const PHASE_BLOCKS: Readonly<Record<Phase, readonly LayerBlock[]>> = {
  attention: ["inputNorm", "qkv", "output"],
  feedForward: ["postNorm", "gateUp", "down"],
};

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

/** A parameter as a part of a block. */
interface Part<Block extends string> extends ParameterShape {
  readonly block: Block;
  /** Where in the block it begins, in elements. */
  readonly offset: number;
}

function layerParts(config: LlamaConfig, layer: number): readonly Part<LayerBlock>[] {
  const { dim, hidden } = config;
  const kv = config.kvHeads * headDim(config);
  const norm = (name: string, block: LayerBlock): Part<LayerBlock> => ({
    name: `model.layers.${layer}.${name}.weight`,
    shape: [dim],
    kind: "norm",
    block,
    offset: 0,
  });
  const matrix = (name: string, block: LayerBlock, row: number, rows: number, columns: number): Part<LayerBlock> => ({
    name: `model.layers.${layer}.${name}_proj.weight`,
    shape: [rows, columns],
    kind: "hidden",
    block,
    offset: row * columns,
  });
  return [
    norm("input_layernorm", "inputNorm"),
    matrix("self_attn.q", "qkv", 0, dim, dim),
    matrix("self_attn.k", "qkv", dim, kv, dim),
    matrix("self_attn.v", "qkv", dim + kv, kv, dim),
    matrix("self_attn.o", "output", 0, dim, dim),
    norm("post_attention_layernorm", "postNorm"),
    matrix("mlp.gate", "gateUp", 0, hidden, dim),
    matrix("mlp.up", "gateUp", hidden, hidden, dim),
    matrix("mlp.down", "down", 0, dim, hidden),
  ];
}

function outerParts({ vocabSize, dim }: LlamaConfig): Readonly<Record<OuterBlock, Part<OuterBlock>>> {
  const shape = [vocabSize, dim];
  return {
    embedding: { name: "model.embed_tokens.weight", shape, kind: "embedding", block: "embedding", offset: 0 },
    norm: { name: "model.norm.weight", shape: [dim], kind: "norm", block: "norm", offset: 0 },
    head: { name: "lm_head.weight", shape, kind: "head", block: "head", offset: 0 },
  };
}

/**
 * The parameters that a model of this config has, in its order and without their numbers: what a plan of memory needs.
 * The embedding first, then layer by layer, the final norm, and the head unless it is tied.
 */
export function parameterShapes(config: LlamaConfig): readonly ParameterShape[] {
  const { embedding, norm, head } = outerParts(config);
  const layers = Array.from({ length: config.layers }, (_, layer) => layerParts(config, layer)).flat();
  const parts: readonly ParameterShape[] = [embedding, ...layers, norm, ...(config.tied ? [] : [head])];
  return parts.map(({ name, shape, kind }) => ({ name, shape, kind }));
}

function view<Block extends string>(
  { name, shape, kind, block, offset }: Part<Block>,
  blocks: Blocks<Block>,
): Parameter {
  const length = shape.reduce((product, size) => product * size, 1);
  return { name, shape, kind, data: blocks[block].subarray(offset, offset + length) };
}

/** The gradients of the half of layer `layer` that is made in `phase`, as views of the gradient blocks. */
export function phaseGradients(
  config: LlamaConfig,
  layer: number,
  phase: Phase,
  blocks: Blocks<LayerBlock>,
): readonly Parameter[] {
  const parts = layerParts(config, layer).filter(({ block }) => PHASE_BLOCKS[phase].includes(block));
  return parts.map((part) => view(part, blocks));
}

/** The parameters of layer `layer` as views of its blocks. */
export function layerParameters(config: LlamaConfig, layer: number, blocks: Blocks<LayerBlock>): readonly Parameter[] {
  return layerParts(config, layer).map((part) => view(part, blocks));
}

/** The parameters outside the layers, or their gradients; a tied model's head is its embedding. */
export function outerParameters(
  config: LlamaConfig,
  blocks: Blocks<OuterBlock>,
): Readonly<Record<OuterBlock, Parameter>> {
  const { embedding, norm, head } = outerParts(config);
  return { embedding: view(embedding, blocks), norm: view(norm, blocks), head: view(head, blocks) };
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
