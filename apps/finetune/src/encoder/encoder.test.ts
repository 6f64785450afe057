import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { encode } from "./encoder.ts";
import { readPackagedModel, weightOf } from "./packaged-model.ts";
import { createTokenizer } from "./tokenizer.ts";
import { readEncoderWeights } from "./weights.ts";

const model = readPackagedModel();
const texts = [
  "a large body of salt water",
  "I",
  "any of numerous plants of the genus Quercus, with lobed leaves; its fruit is the acorn",
];

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("the rebuilt encoder", () => {
  test("gives what the packaged graph gives, within 1e-6", async () => {
    const rows = texts.map((text) => Array.from(createTokenizer(model.vocabulary).encode(text)));
    const length = Math.max(...rows.map((row) => row.length));
    const ids = rows.map((row) => [...row, ...new Array<number>(length - row.length).fill(0)]);

    const graph = await tf.loadGraphModel(tf.io.fromMemory(model.artifacts));
    const indices = rows.flatMap((row, i) => row.map((_, j) => [i, j]));
    const want = (await graph.executeAsync({
      indices: tf.tensor2d(indices, [indices.length, 2], "int32"),
      values: tf.tensor1d(rows.flat(), "int32"),
    })) as tf.Tensor2D;

    const weights = readEncoderWeights(model);
    const tensors = new Map(Array.from(weights, ([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));
    const got = encode((name) => tensors.get(name)!, {
      ids: tf.tensor2d(ids, [rows.length, length], "int32"),
      lengths: tf.tensor1d(rows.map((row) => row.length)),
    });
    expect(got.shape).toEqual(want.shape);
    const worst = tf.max(tf.abs(tf.sub(got, want))).dataSync()[0]!;
    expect(worst).toBeLessThanOrEqual(1e-6);
    expect(worst).toBeLessThan(tf.max(tf.abs(want)).dataSync()[0]! / 1e4);
  });

  test("is refused where the package holds another model", () => {
    expect(() => weightOf(model, "no/such/weight")).toThrow(RangeError);
  });
});
