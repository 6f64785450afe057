import * as tf from "@tensorflow/tfjs";

/** A batch of texts as piece ids, padded on the right. */
export interface TokenBatch {
  /** [batch, length], int32. */
  readonly ids: tf.Tensor2D;
  /** [batch], number of ids in each row, without padding. */
  readonly lengths: tf.Tensor1D;
}

/** Finds a weight by name, e.g. a variable, or a tensor computed from variables. */
export type WeightLookup = (name: string) => tf.Tensor;

const HEADS = 4;
const NORM_EPSILON = 1e-6;
const MASKED = -1e9;

/**
 * The sentence encoder in differentiable operations: embeddings, two pre-norm transformer layers, mean pool, tanh, unit length.
 *
 * @returns [batch, 512], rows of length one.
 * @see Cer et al., Universal Sentence Encoder, arXiv 1803.11175 (2018); reconstructed from the packaged graph.
 */
export function encode(weight: WeightLookup, { ids, lengths }: TokenBatch): tf.Tensor2D {
  const [batch, length] = ids.shape;
  const positions = tf.range(0, length);
  const mask = tf.cast(tf.less(tf.expandDims(positions, 0), tf.expandDims(lengths, 1)), "float32");
  const bias = tf.reshape(tf.mul(tf.sub(1, mask), MASKED), [batch, 1, 1, length]);

  const found = tf.gather(weight("embedding"), tf.reshape(ids, [batch * length]));
  const embedded = tf.reshape(found, [batch, length, found.shape[1]!]);
  // The graph adds the embeddings twice: once with the timing signal, once more as a residual.
  const x = tf.add(tf.mul(embedded, 2), timingSignal(positions, weight("frequencies")));
  const first = transformerLayer(weight, "layer0", x, dense(weight, "layer0/shortcut", x), bias);
  const second = transformerLayer(weight, "layer1", first, first, bias);

  const sum = tf.sum(tf.mul(second, tf.expandDims(mask, 2)), 1);
  const mean = tf.div(sum, tf.expandDims(tf.maximum(lengths, 1), 1));
  return unitLength(tf.tanh(dense(weight, "pool", mean)));
}

/** Pre-norm transformer layer: attention, then a feed-forward network, each added to `residual`. */
function transformerLayer(
  weight: WeightLookup,
  layer: string,
  x: tf.Tensor,
  residual: tf.Tensor,
  bias: tf.Tensor,
): tf.Tensor {
  const attended = tf.add(attention(weight, `${layer}/attention`, x, bias), residual);
  const normalized = layerNorm(weight, `${layer}/feedforward/norm`, attended);
  const hidden = tf.relu(dense(weight, `${layer}/feedforward/up`, normalized));
  return tf.add(attended, dense(weight, `${layer}/feedforward/down`, hidden));
}

function attention(weight: WeightLookup, name: string, x: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const [batch, length] = x.shape as [number, number, number];
  const qkv = dense(weight, `${name}/qkv`, layerNorm(weight, `${name}/norm`, x));
  const [q, k, v] = tf.split(qkv, 3, 2).map((part) => {
    const heads = tf.reshape(part, [batch, length, HEADS, part.shape[2]! / HEADS]);
    return tf.transpose(heads, [0, 2, 1, 3]);
  }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const scores = tf.matMul(tf.mul(q, q.shape[3]! ** -0.5), k, false, true);
  const mixed = tf.matMul(tf.softmax(tf.add(scores, bias)), v);
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, length, HEADS * v.shape[3]!]);
  return dense(weight, `${name}/out`, joined);
}

function dense(weight: WeightLookup, name: string, x: tf.Tensor): tf.Tensor {
  const kernel = weight(`${name}/kernel`);
  const [inputs, outputs] = kernel.shape as [number, number];
  const product = tf.matMul(tf.reshape(x, [x.size / inputs, inputs]), kernel as tf.Tensor2D);
  return tf.reshape(tf.add(product, weight(`${name}/bias`)), [...x.shape.slice(0, -1), outputs]);
}

function layerNorm(weight: WeightLookup, name: string, x: tf.Tensor): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const scale = tf.mul(weight(`${name}/scale`), tf.rsqrt(tf.add(variance, NORM_EPSILON)));
  return tf.add(tf.mul(scale, centred), weight(`${name}/bias`));
}

/** Positional encoding: sines and cosines of position × frequency. */
function timingSignal(positions: tf.Tensor1D, frequencies: tf.Tensor): tf.Tensor {
  const angles = tf.mul(tf.expandDims(positions, 1), tf.reshape(frequencies, [1, frequencies.size]));
  return tf.concat([tf.sin(angles), tf.cos(angles)], 1);
}

function unitLength(x: tf.Tensor): tf.Tensor2D {
  return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), 1, true), 1e-12)));
}
