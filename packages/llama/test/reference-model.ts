import type { LlamaConfig, Parameter } from "../src/index.ts";

/** Weights in float64, by name. */
export type Tensors = Readonly<Record<string, Float64Array>>;

export const toTensors = (parameters: readonly Parameter[]): Tensors =>
  Object.fromEntries(parameters.map(({ name, data }) => [name, Float64Array.from(data)]));

/**
 * Logits of one sequence, [length][vocabSize], in float64: the definition of the model written straight from its papers, one row at a time,
 * with nothing shared with the code under test.
 */
export function referenceLogits(config: LlamaConfig, tensors: Tensors, tokens: readonly number[]): Float64Array[] {
  const { dim, tied } = config;
  const embedding = tensors["model.embed_tokens.weight"]!;
  let rows: Float64Array[] = tokens.map((token) => embedding.slice(token * dim, (token + 1) * dim));
  for (let layer = 0; layer < config.layers; layer++) {
    const weight = (name: string): Float64Array => tensors[`model.layers.${layer}.${name}.weight`]!;
    const attended = attend(
      config,
      weight,
      (name) => tensors[`model.layers.${layer}.${name}.bias`]!,
      rows.map((x) => normalize(config, x, weight("input_layernorm"))),
    );
    rows = rows.map((x, i) => add(x, attended[i]!));
    rows = rows.map((x) => add(x, feedForward(weight, normalize(config, x, weight("post_attention_layernorm")))));
  }
  const head = tied ? embedding : tensors["lm_head.weight"]!;
  return rows.map((x) => apply(head, normalize(config, x, tensors["model.norm.weight"]!)));
}

/** Mean cross-entropy of a batch of sequences, [batch, length] row-major. */
export function referenceLoss(
  config: LlamaConfig,
  tensors: Tensors,
  tokens: Int32Array,
  targets: Int32Array,
  length: number,
): number {
  let sum = 0;
  for (let start = 0; start < tokens.length; start += length) {
    const logits = referenceLogits(config, tensors, Array.from(tokens.subarray(start, start + length)));
    logits.forEach((row, i) => {
      const top = Math.max(...row);
      const total = row.reduce((t, x) => t + Math.exp(x - top), 0);
      sum += top + Math.log(total) - row[targets[start + i]!]!;
    });
  }
  return sum / tokens.length;
}

function attend(
  config: LlamaConfig,
  weight: (name: string) => Float64Array,
  bias: (name: string) => Float64Array,
  rows: Float64Array[],
): Float64Array[] {
  const { heads, kvHeads, headDim: width } = config;
  const project = (name: string, count: number, turn: (head: Float64Array, i: number) => Float64Array) =>
    rows.map((x, position) => {
      const product = apply(weight(`self_attn.${name}_proj`), x);
      const y = config.qkvBias ? add(product, bias(`self_attn.${name}_proj`)) : product;
      return Array.from({ length: count }, (_, h) => turn(y.slice(h * width, (h + 1) * width), position));
    });
  const turned = (name: string) => (head: Float64Array, position: number) =>
    rotate(config, config.qkNorm ? normalize(config, head, weight(`self_attn.${name}_norm`)) : head, position);
  const q = project("q", heads, turned("q"));
  const k = project("k", kvHeads, turned("k"));
  const v = project("v", kvHeads, (head) => head);
  return rows.map((_, i) => {
    const joined = new Float64Array(heads * width);
    for (let h = 0; h < heads; h++) {
      const g = Math.floor(h / (heads / kvHeads));
      const scores = Array.from({ length: i + 1 }, (_, j) => dot(q[i]![h]!, k[j]![g]!) / Math.sqrt(width));
      const top = Math.max(...scores);
      const exps = scores.map((s) => Math.exp(s - top));
      const total = exps.reduce((a, b) => a + b);
      exps.forEach((e, j) => {
        v[j]![g]!.forEach((x, c) => {
          joined[h * width + c]! += (e / total) * x;
        });
      });
    }
    return apply(weight("self_attn.o_proj"), joined);
  });
}

function feedForward(weight: (name: string) => Float64Array, x: Float64Array): Float64Array {
  const gate = apply(weight("mlp.gate_proj"), x);
  const up = apply(weight("mlp.up_proj"), x);
  return apply(
    weight("mlp.down_proj"),
    gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!),
  );
}

function normalize({ normEps }: LlamaConfig, x: Float64Array, weight: Float64Array): Float64Array {
  const rms = Math.sqrt(dot(x, x) / x.length + normEps);
  return x.map((value, i) => (value / rms) * weight[i]!);
}

/** Hugging Face's rotate-half form: component c turns with component c + half. */
function rotate(config: LlamaConfig, head: Float64Array, position: number): Float64Array {
  const half = head.length / 2;
  return head.map((value, c) => {
    const angle = position * frequency(config, config.ropeTheta ** ((-2 * (c % half)) / head.length));
    const partner = c < half ? -head[c + half]! : head[c - half]!;
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}

/** Llama 3.1's rule, as its authors wrote it: by the length of the wave. */
function frequency({ ropeScaling }: LlamaConfig, plain: number): number {
  if (ropeScaling === null) return plain;
  const { factor, lowFreqFactor, highFreqFactor, originalContext } = ropeScaling;
  const wave = (2 * Math.PI) / plain;
  if (wave < originalContext / highFreqFactor) return plain;
  if (wave > originalContext / lowFreqFactor) return plain / factor;
  const smooth = (originalContext / wave - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return ((1 - smooth) * plain) / factor + smooth * plain;
}

/** W x for W of [outputs, x.length]. */
function apply(weight: Float64Array, x: Float64Array): Float64Array {
  const outputs = weight.length / x.length;
  return Float64Array.from({ length: outputs }, (_, o) => dot(weight.subarray(o * x.length, (o + 1) * x.length), x));
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + b[i]!);
