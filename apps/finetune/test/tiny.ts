import { fillNormal } from "@sumo/linalg";
import type { Dataset } from "../src/dataset/dataset.ts";
import { CATEGORIES } from "../src/dataset/glosses.ts";
import type { Weight } from "../src/encoder/weights.ts";

/** An encoder of the same structure with 8 and 12 channels, and random weights. */
export function tinyEncoder(): ReadonlyMap<string, Weight> {
  const norm = (size: number) => ({ scale: [size], bias: [size] });
  const layer = (inputs: number) => ({
    attention: {
      norm: norm(inputs),
      qkv: { kernel: [inputs, 3 * inputs], bias: [3 * inputs] },
      out: { kernel: [inputs, 12], bias: [12] },
    },
    feedforward: { norm: norm(12), up: { kernel: [12, 24], bias: [24] }, down: { kernel: [24, 12], bias: [12] } },
  });
  const shapes = {
    embedding: [30, 8],
    frequencies: [1, 4],
    layer0: { ...layer(8), shortcut: { kernel: [8, 12], bias: [12] } },
    layer1: layer(12),
    pool: { kernel: [12, 12], bias: [12] },
  };
  return new Map(leavesOf(shapes).map(([name, shape], i) => [name, { shape, values: valuesOf(name, shape, i) }]));
}

function valuesOf(name: string, shape: readonly number[], stream: number): Float32Array {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  fillNormal(values, [1, stream, 0]);
  if (name.endsWith("scale")) return values.fill(1);
  return values.map((x) => x / Math.sqrt(shape[0]!));
}

function leavesOf(tree: object): [name: string, shape: number[]][] {
  return Object.entries(tree).flatMap(([key, value]): [string, number[]][] =>
    Array.isArray(value) ? [[key, value]] : leavesOf(value as object).map(([name, shape]) => [`${key}/${name}`, shape]),
  );
}

/** A learnable task: each text's category is its first piece. */
export function tinyDataset(): Dataset {
  const examples = Array.from({ length: 120 }, (_, i) => {
    const ids = Int32Array.from({ length: 2 + (i % 3) }, (_, j) => (j === 0 ? i % 5 : 10 + ((7 * i + j) % 20)));
    return { ids, category: (i % 5) % CATEGORIES.length };
  });
  return { train: examples.slice(0, 90), validation: examples.slice(90) };
}
