import { readSafetensors } from "@sumo/core";
import type { Tensor } from "@sumo/llama";
import { RunError } from "../errors.ts";

/** Reads the tensors of a safetensors file. @throws {SafetensorsError} @throws {RunError} if one is not of a floating-point type. */
export function readWeights(file: Uint8Array): Record<string, Tensor> {
  const entries = Object.entries(readSafetensors(file).tensors).map(([name, { shape, data }]) => {
    if (data instanceof Float32Array || data instanceof Float64Array) return [name, { shape, data }] as const;
    throw new RunError(`weights: ${name} holds no floating-point numbers`);
  });
  return Object.fromEntries(entries);
}
