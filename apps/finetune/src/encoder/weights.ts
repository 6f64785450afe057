import { type PackagedModel, weightOf } from "./packaged-model.ts";

/** Values of one weight: a matrix of inputs × outputs, or a vector. */
export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const ENCODER = "Encoder_en/KonaTransformer/Encode";
const DEFAULT = `module_apply_default/${ENCODER}`;
const VECTOR = "ConcatPartitions/concat";

/** Names of one layer's weights in the graph, by the names in this app. */
const layerNames = (layer: number): Record<string, string> => {
  const own = `${DEFAULT}/Layer_${layer}/TransformerLayer`;
  const raw = `module/${ENCODER}/Layer_${layer}/TransformerLayer/MultiheadAttention`;
  const folded = `${DEFAULT}/TransformerStack/Layer_${layer}/TransformerLayer/FFN`;
  return {
    "attention/norm/scale": `${own}/layer_prepostprocess/layer_norm/layer_norm_scale/${VECTOR}`,
    "attention/norm/bias": `${own}/layer_prepostprocess/layer_norm/layer_norm_bias/${VECTOR}`,
    "attention/qkv/kernel": `${raw}/qkv_transform_single/kernel/part_0`,
    "attention/qkv/bias": `${own}/MultiheadAttention/qkv_transform_single/bias/${VECTOR}`,
    "attention/out/kernel": `${raw}/output_transform_single/kernel/part_0`,
    "attention/out/bias": `${own}/MultiheadAttention/output_transform_single/bias/${VECTOR}`,
    "feedforward/norm/scale": `${own}/FFN/layer_prepostprocess/layer_norm/layer_norm_scale/${VECTOR}`,
    "feedforward/norm/bias": `${own}/FFN/layer_prepostprocess/layer_norm/layer_norm_bias/${VECTOR}`,
    "feedforward/up/kernel": `${folded}/conv1/Tensordot/Reshape_1`,
    "feedforward/up/bias": `${own}/FFN/conv1/bias/${VECTOR}`,
    "feedforward/down/kernel": `${folded}/conv2/Tensordot/Reshape_1`,
    "feedforward/down/bias": `${own}/FFN/conv2/bias/${VECTOR}`,
  };
};

const NAMES: Readonly<Record<string, string>> = {
  embedding: "module/Embeddings_en",
  frequencies: `${DEFAULT}/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`,
  ...prefixed("layer0/", {
    ...layerNames(0),
    "shortcut/kernel": `${DEFAULT}/Layer_0/TransformerLayer/dense/kernel/${VECTOR}`,
    "shortcut/bias": `${DEFAULT}/Layer_0/TransformerLayer/dense/bias/${VECTOR}`,
  }),
  ...prefixed("layer1/", layerNames(1)),
  "pool/kernel": "module/Encoder_en/hidden_layers/tanh_layer_0/weights",
  "pool/bias": "module/Encoder_en/hidden_layers/tanh_layer_0/bias",
};

/** Reads all weights of the encoder, by name. @throws {RangeError} if the packaged model has another structure. */
export function readEncoderWeights(model: PackagedModel): ReadonlyMap<string, Weight> {
  return new Map(
    Object.entries(NAMES).map(([name, graphName]) => {
      const { shape, values } = weightOf(model, graphName);
      // Convolutions of width one are matrices with two extra axes.
      return [name, { shape: shape.length === 4 ? shape.slice(2) : shape, values }];
    }),
  );
}

function prefixed(prefix: string, names: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).map(([name, value]) => [prefix + name, value]));
}
