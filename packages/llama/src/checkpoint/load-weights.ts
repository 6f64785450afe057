import { describe } from "@sumo/linalg";
import { checkModel } from "../arguments.ts";
import type { LlamaConfig } from "../config.ts";
import { CheckpointError } from "../errors.ts";
import type { Parameter, WeightData } from "../weights/parameters.ts";
import { checkNames, checkShape } from "./tensor-checks.ts";
import { type Dtype, readHeader, readInto, type StoredTensor, type WeightFile } from "./weight-file.ts";

/**
 * Names of the files of a model that is stored in several, in order.
 *
 * @param index - contents of `model.safetensors.index.json`.
 * @throws {CheckpointError} if it is damaged, or names a file in another folder.
 */
export function shardNames(index: unknown): readonly string[] {
  const map = (index as { readonly weight_map?: unknown } | null)?.weight_map;
  const names = typeof map === "object" && map !== null ? [...new Set(Object.values(map) as unknown[])] : [];
  const odd = names.find((name) => typeof name !== "string" || !/^[^/\\:]+\.safetensors$/.test(name));
  if (names.length === 0 || odd !== undefined) {
    throw new CheckpointError(
      "shardNames",
      `expected a weight_map of .safetensors files, got ${describe(odd ?? index)}`,
    );
  }
  return (names as string[]).sort();
}

/**
 * Types of the tensors of safetensors files by name, as the files spell them: F64, F32, F16 or BF16.
 *
 * @throws {CheckpointError} if a file is damaged, or a tensor of another type.
 */
export function weightTypes(files: readonly WeightFile[]): Readonly<Record<string, Dtype>> {
  checkFiles("weightTypes", files);
  const entries = files.flatMap((file) => Array.from(readHeader(file), ([name, { dtype }]) => [name, dtype] as const));
  return Object.fromEntries(entries);
}

/**
 * Overwrites a model's weights with those of safetensors files in Hugging Face's names and layout, in float64, float32, float16 or bfloat16.
 * Tensors are read one by one, straight into the model's memory. Ignores what {@link loadTensors} ignores.
 *
 * @param files - one, or all shards.
 * @throws {CheckpointError} when a tensor is missing, twice there, unknown or misshapen, or a file damaged: nothing is written then. Also
 * when a number is not finite, which shows while tensors are read: the weights before it are then overwritten.
 *
 * @example
 * const config = fromHuggingFaceConfig(JSON.parse(readFileSync("config.json", "utf8")));
 * const model = createLlama(config);
 * loadWeights(model, [bytesFile(readFileSync("model.safetensors"))]); // or createLlama(config, { weights: [file] }), which draws none before
 */
export function loadWeights(
  model: { readonly config: LlamaConfig; readonly parameters: readonly Parameter<WeightData>[] },
  files: readonly WeightFile[],
): void {
  checkModel("loadWeights", model);
  checkFiles("loadWeights", files);
  const stored = new Map<string, StoredTensor>();
  for (const file of files) {
    for (const [name, tensor] of readHeader(file)) {
      if (stored.has(name)) throw new CheckpointError("loadWeights", `${name} is in two files`);
      stored.set(name, tensor);
    }
  }
  checkNames("loadWeights", model, stored.keys());
  for (const parameter of model.parameters) checkShape("loadWeights", parameter, stored.get(parameter.name));
  for (const { name, data } of model.parameters) readInto(data, name, stored.get(name)!);
}

function checkFiles(operation: string, files: readonly WeightFile[]): void {
  if (Array.isArray(files) && files.every((file) => typeof file?.size === "number" && typeof file.read === "function"))
    return;
  throw new CheckpointError(operation, `expected a list of files with size and read, got ${describe(files)}`);
}
