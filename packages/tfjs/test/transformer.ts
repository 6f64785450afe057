import * as tf from "@tensorflow/tfjs";

export interface TransformerShape {
  readonly vocabulary: number;
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
}

export interface Transformer {
  readonly variables: readonly tf.Variable[];
  /** Mean cross-entropy in nats of the next tokens. */
  loss(tokens: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar;
}

/** How token embeddings are looked up: tfjs's wasm backend has no gradient for `gather`. */
export type Lookup = "gather" | "one-hot";

/** A small causal transformer, written as one would write it in plain tfjs. */
export function transformer(shape: TransformerShape, lookup: Lookup, seed = 1): Transformer {
  const { vocabulary, dim, layers, heads, hidden } = shape;
  const variables: tf.Variable[] = [];
  const weight = (rows: number, cols: number): tf.Variable<tf.Rank.R2> => {
    const values = tf.randomNormal<tf.Rank.R2>([rows, cols], 0, rows ** -0.5, "float32", seed + variables.length);
    const variable = tf.variable(values);
    values.dispose();
    variables.push(variable);
    return variable;
  };
  const embedding = weight(vocabulary, dim);
  const blocks = Array.from({ length: layers }, () => ({
    queries: weight(dim, dim),
    keys: weight(dim, dim),
    values: weight(dim, dim),
    out: weight(dim, dim),
    up: weight(dim, hidden),
    down: weight(hidden, dim),
  }));
  const head = weight(dim, vocabulary);

  const dense = (x: tf.Tensor, w: tf.Tensor2D): tf.Tensor => {
    const rows = x.size / w.shape[0];
    const product = tf.matMul(tf.reshape(x, [rows, w.shape[0]]), w);
    return tf.reshape(product, [...x.shape.slice(0, -1), w.shape[1]]);
  };
  const split = (x: tf.Tensor): tf.Tensor4D => {
    const [batch, length] = x.shape as [number, number];
    return tf.transpose(tf.reshape(x, [batch, length, heads, dim / heads]), [0, 2, 1, 3]);
  };
  const attend = (x: tf.Tensor, block: (typeof blocks)[number], mask: tf.Tensor): tf.Tensor => {
    const [q, k, v] = [block.queries, block.keys, block.values].map((w) => split(dense(x, w)));
    const scores = tf.mul(tf.matMul(q!, k!, false, true), (dim / heads) ** -0.5);
    const mixed = tf.matMul(tf.softmax(tf.add(scores, mask)), v!);
    return dense(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), x.shape), block.out);
  };

  return {
    variables,
    loss(tokens, targets) {
      const [batch, length] = tokens.shape;
      const flat = tf.reshape(tokens, [batch * length]) as tf.Tensor1D;
      const found =
        lookup === "gather"
          ? tf.gather(embedding, flat)
          : tf.matMul(tf.cast(tf.oneHot(flat, vocabulary), "float32") as tf.Tensor2D, embedding);
      const future = tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0));
      const mask = tf.mul(future, -1e9);
      let x: tf.Tensor = tf.reshape(found, [batch, length, dim]);
      for (const block of blocks) {
        x = tf.add(x, attend(normalized(x), block, mask));
        x = tf.add(x, dense(tf.relu(dense(normalized(x), block.up)), block.down));
      }
      const logits = dense(normalized(x), head);
      const wanted = tf.cast(tf.oneHot(tf.cast(targets, "int32"), vocabulary), "float32");
      const logProbabilities = tf.logSoftmax(logits);
      return tf.mul(tf.sum(tf.mul(wanted, logProbabilities)), -1 / (batch * length)) as tf.Scalar;
    },
  };
}

/** Root-mean-square normalization without a gain. */
function normalized(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5)));
}

/** Tokens of a fixed seed, and the same moved by one. */
export function tokens(batch: number, length: number, vocabulary: number, seed = 1): [tf.Tensor2D, tf.Tensor2D] {
  return tf.tidy(() => {
    const stream = tf.cast(tf.randomUniform([batch, length + 1], 0, vocabulary, "float32", seed), "int32");
    return [
      tf.slice(stream, [0, 0], [batch, length]) as tf.Tensor2D,
      tf.slice(stream, [0, 1], [batch, length]) as tf.Tensor2D,
    ];
  });
}
