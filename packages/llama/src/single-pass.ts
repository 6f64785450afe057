import type { Engine } from "@sumo/linalg";
import { allocateActivations } from "./activations.ts";
import type { LlamaConfig } from "./config.ts";
import { alone } from "./crew.ts";
import { allocateGradients } from "./gradients.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { checkPassShape, createPass, type Pass, type PassOptions } from "./pass.ts";
import { passSpan } from "./run.ts";
import type { Weights } from "./weights.ts";

/** A pass on the calling thread alone. */
export function createSinglePass(
  config: LlamaConfig,
  engine: Engine,
  kernels: Kernels,
  weights: Weights,
  batch: number,
  length: number,
  { recompute = false }: PassOptions,
): Pass {
  checkPassShape("createPass", config, batch, length);
  const shape = { batch, length, threads: 1, recompute };
  const activations = allocateActivations(config, shape, engine.heap);
  const scratch = activations.scratch[0]!;
  const span = passSpan(config, shape, alone);
  const run = { config, shape, engine, kernels, weights, activations, scratch, span, crew: alone };
  return createPass(run, allocateGradients(config, engine.heap));
}
