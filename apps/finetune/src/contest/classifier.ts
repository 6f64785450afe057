import { fillNormal } from "@sumo/linalg";
import * as tf from "@tensorflow/tfjs";
import type { LabelledBatch } from "../dataset/dataset.ts";
import { encode, type TokenBatch } from "../encoder/encoder.ts";
import type { Weight } from "../encoder/weights.ts";

/** Trained part of the encoder: all matrices and vectors, low-rank additions to the matrices, or nothing; never the embedding. */
export type Adaptation =
  | { readonly kind: "full" }
  | { readonly kind: "lora"; readonly rank: number }
  | { readonly kind: "probe" };

/** LoRA's scale: W + LORA_SCALE · A B. */
const LORA_SCALE = 2;
/** Stream of the random numbers of LoRA's A. */
const ADAPTERS = 3;

/** The encoder with a linear head for `categories` classes. */
export class Classifier {
  /** Matrices that a method trains. */
  readonly matrices: readonly tf.Variable[];
  /** Head, and the encoder's vectors if they are trained. */
  readonly others: readonly tf.Variable[];
  private readonly weights = new Map<string, tf.Tensor>();
  private readonly adapters = new Map<string, readonly [tf.Variable, tf.Variable]>();

  constructor(pretrained: ReadonlyMap<string, Weight>, categories: number, adaptation: Adaptation, seed: number) {
    const vectors: tf.Variable[] = [];
    for (const [name, { shape, values }] of pretrained) {
      const frozen = adaptation.kind !== "full" || !/kernel|bias|scale/.test(name);
      const tensor = tf.tensor(values, [...shape]);
      this.weights.set(name, frozen ? tensor : asVariable(tensor));
      if (!frozen && shape.length === 1) vectors.push(this.weights.get(name) as tf.Variable);
      if (adaptation.kind === "lora" && name.endsWith("/kernel")) {
        this.adapters.set(
          name,
          createAdapter(shape as [number, number], adaptation.rank, [seed, ADAPTERS, this.adapters.size]),
        );
      }
    }
    const size = pretrained.get("pool/bias")!.shape[0]!;
    this.weights.set("head/kernel", asVariable(tf.zeros([size, categories])));
    this.weights.set("head/bias", asVariable(tf.zeros([categories])));
    const head = ["head/kernel", "head/bias"].map((name) => this.weights.get(name) as tf.Variable);
    const kernels = Array.from(pretrained.keys()).filter((name) => name.endsWith("/kernel"));
    const full = adaptation.kind === "full" ? kernels.map((name) => this.weights.get(name) as tf.Variable) : [];
    this.matrices = [...full, ...Array.from(this.adapters.values()).flat()];
    this.others = [...vectors, ...head];
  }

  /** Logits, [batch, categories]. */
  logits(batch: TokenBatch): tf.Tensor2D {
    return tf.tidy(() => {
      const sentence = encode((name) => this.weight(name), batch);
      // Scaled: entries of a long unit vector are small, and so would be the head's gradients.
      const features = tf.mul(sentence, Math.sqrt(sentence.shape[1]));
      return tf.add<tf.Tensor2D>(
        tf.matMul(features, this.weight("head/kernel") as tf.Tensor2D),
        this.weight("head/bias"),
      );
    });
  }

  /** Mean cross-entropy in nats. */
  loss(batch: LabelledBatch): tf.Scalar {
    return tf.tidy(() => {
      const logits = this.logits(batch);
      const wanted = tf.oneHot(batch.categories, logits.shape[1]);
      return tf.losses.softmaxCrossEntropy(wanted, logits);
    });
  }

  /** Number of correct predictions in a batch. */
  correct(batch: LabelledBatch): number {
    return tf.tidy(() => {
      const hits = tf.equal(tf.argMax(this.logits(batch), 1), batch.categories);
      return tf.sum(tf.cast(hits, "float32")).dataSync()[0]!;
    });
  }

  dispose(): void {
    tf.dispose([...this.weights.values(), ...Array.from(this.adapters.values()).flat()]);
  }

  private weight(name: string): tf.Tensor {
    const base = this.weights.get(name)!;
    const adapter = this.adapters.get(name);
    if (adapter === undefined) return base;
    return tf.add(base, tf.mul(tf.matMul(adapter[0] as tf.Tensor2D, adapter[1] as tf.Tensor2D), LORA_SCALE));
  }
}

/** Creates LoRA's A, normal with deviation 1/√inputs, and B, zero. @see Hu et al., LoRA, arXiv 2106.09685 (2021), §4.1. */
function createAdapter(
  [inputs, outputs]: readonly [number, number],
  rank: number,
  key: readonly [number, number, number],
): readonly [tf.Variable, tf.Variable] {
  const values = new Float32Array(inputs * rank);
  fillNormal(values, key);
  const down = tf.tensor2d(
    values.map((x) => x / Math.sqrt(inputs)),
    [inputs, rank],
  );
  return [asVariable(down), asVariable(tf.zeros([rank, outputs]))];
}

/** Converts a tensor to a variable, and disposes of the tensor. */
function asVariable(tensor: tf.Tensor): tf.Variable {
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}
