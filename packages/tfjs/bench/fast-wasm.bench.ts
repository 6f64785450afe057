import * as tf from "@tensorflow/tfjs";
import { bench, describe } from "vitest";
import { useBackend } from "../test/backend.ts";
import { loadBoth } from "../test/kernels.ts";
import { type Lookup, tokens, transformer } from "../test/transformer.ts";

const BATCH = 8;
const LENGTH = 128;
const SHAPE = { vocabulary: 256, dim: 128, layers: 4, heads: 4, hidden: 352 } as const;
const FEW = { warmupIterations: 1, iterations: 5, time: 0, warmupTime: 0 } as const;

await useBackend("wasm");
const use = await loadBoth();
const [x, y] = tokens(BATCH, LENGTH, SHAPE.vocabulary);

/** Forward and backward of one batch of 1,024 tokens. */
const pass = (lookup: Lookup) => {
  const model = transformer(SHAPE, lookup);
  return () => {
    const { value, grads } = tf.variableGrads(() => model.loss(x, y), [...model.variables]);
    tf.dispose([value, ...Object.values(grads)]);
  };
};

describe(`variableGrads, transformer of ${JSON.stringify(SHAPE)}, ${BATCH} x ${LENGTH} tokens`, () => {
  bench("plain wasm backend", pass("one-hot"), { ...FEW, setup: () => use("own") });
  bench("with fast-wasm", pass("one-hot"), { ...FEW, setup: () => use("fast") });
  bench("with fast-wasm, gather", pass("gather"), { ...FEW, setup: () => use("fast") });
});
