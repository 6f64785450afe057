import { plan } from "@sumo/core";
import { sizeOfFloat32 } from "@sumo/linalg";
import { type LlamaConfig, type LlamaPlan, parameterShapes, planDecoder, planLlama } from "@sumo/llama";
import { UsageError } from "../errors.ts";
import { factorsOf } from "../lora/factors.ts";
import { bytesOfLora } from "../lora/lora.ts";
import {
  hiddenNames,
  optimizedShapes,
  optimizerGroups,
  trainedParameters,
  weightType,
} from "../options/optimizer-groups.ts";
import type { TrainOptions } from "../options/train-options.ts";
import { formatBytes } from "./format-bytes.ts";
import { widenedLength } from "./rounded-weights.ts";

/** Bytes that no plan counts: the engine's packed operands, and rounding up. */
export const RESERVE_BYTES: number = 2 ** 28;
/** WebAssembly's addresses have 32 bits. */
const ADDRESSABLE_BYTES = 2 ** 32;

/** Memory of a run in bytes of heap. */
export interface RunPlan extends LlamaPlan {
  /** Hidden matrices that are trained, themselves or by factors. */
  readonly hiddenMatrices: number;
  /** Optimizer state of the hidden matrices, with their factors if there are such. */
  readonly hiddenStateBytes: number;
  /** The same of all parameters. */
  readonly stateBytes: number;
  /** That of the rank with most, where ranks divide it. */
  readonly shardBytes: number;
  /** Bytes of gradients and updates that each of several ranks sends in a step. */
  readonly sumBytes: number;
  /** The same in a step that computes all subspaces anew, but for the subspaces that the owners of a divided state send. */
  readonly refreshSumBytes: number;
  /** Scratch of an optimizer step, with that for a widened block of weights. */
  readonly workspaceBytes: number;
  /** Sums over micro-batches; 0 where a step is one batch. */
  readonly accumulationBytes: number;
  /** The decoder of a sample, with a cache of the training context. */
  readonly sampleBytes: number;
  /** All of the above, and the reserve: the heap that a run needs. */
  readonly heapBytes: number;
}

export interface RunPlanOptions {
  /** Threads that share a pass. Default 1. */
  readonly threads?: number;
  /** Bytes on top of those that are counted. Default 2²⁸: reserved addresses cost nothing until they are written. */
  readonly reserveBytes?: number;
  /** Ranks that divide the optimizer's state. Default: none do. */
  readonly shards?: number | undefined;
}

/**
 * Plans the memory of a run before anything is allocated: weights, activations, gradients and optimizer state.
 *
 * @throws {ConfigError} for a batch or a number of threads that the model cannot take.
 * @throws {OptimizerOptionError} for an optimizer option outside its range.
 */
export function planRun(
  model: LlamaConfig,
  options: TrainOptions,
  { threads = 1, reserveBytes = RESERVE_BYTES, shards }: RunPlanOptions = {},
): RunPlan {
  const shapes = parameterShapes(model);
  const trained = trainedParameters(shapes, options);
  const optimized = optimizedShapes(shapes, options);
  const hidden = hiddenNames(optimized);
  const sums = { microBatches: options.accumulate, ...(shards !== undefined && { ranks: shards }) };
  const optimizer = plan(optimized, optimizerGroups(options, hidden), sums);
  const { factorBytes, scratchBytes } =
    options.method === "lora" ? bytesOfLora(factorsOf(trained, options)) : { factorBytes: 0, scratchBytes: 0 };
  const { accumulationBytes } = optimizer;
  const stateBytes = optimizer.stateBytes + factorBytes;
  const shardBytes = Math.max(...(optimizer.shardBytes ?? [optimizer.stateBytes])) + factorBytes;
  const dtype = weightType(options);
  const widenedBytes = dtype === "bfloat16" ? sizeOfFloat32(widenedLength(trained)) : 0;
  const workspaceBytes = optimizer.workspaceBytes + scratchBytes + widenedBytes;
  const { batch, context: length, recompute = false } = options;
  const llama = planLlama(model, { batch, length, threads, recompute, dtype });
  const sampleBytes = planDecoder(model, length, dtype);
  const bytes = { ...llama, shardBytes, workspaceBytes, accumulationBytes, sampleBytes };
  return {
    ...bytes,
    stateBytes,
    sumBytes: sum(optimizer.parameters.map((each) => each.sumBytes)),
    refreshSumBytes: sum(optimizer.parameters.map((each) => each.refreshSumBytes)),
    hiddenMatrices: hiddenNames(trained).size,
    hiddenStateBytes:
      factorBytes + sum(optimizer.parameters.filter(({ name }) => hidden.has(name)).map((each) => each.stateBytes)),
    heapBytes: sum(Object.values(bytes)) + reserveBytes,
  };
}

/**
 * Plans the heap for a model that only samples.
 *
 * @param tokens - of the prompt and the sample.
 * @throws {UsageError} if it is larger than WebAssembly can address.
 */
export function planSample(model: LlamaConfig, tokens: number): number {
  const { weightBytes } = planLlama(model, { batch: 1, length: 1 });
  const activationBytes = planDecoder(model, Math.min(model.context, tokens));
  const heapBytes = weightBytes + activationBytes + RESERVE_BYTES;
  checkAddressable({ heapBytes, activationBytes });
  return heapBytes;
}

/**
 * Checks a model and its passes before a run is planned: a plan lists every matrix, which takes long for more layers than fit into memory.
 *
 * @throws {UsageError} if they need more memory than WebAssembly can address.
 */
export function checkModel(model: LlamaConfig, options: TrainOptions): void {
  const { batch, context: length, recompute = false } = options;
  const dtype = weightType(options);
  const { weightBytes, activationBytes, gradientBytes } = planLlama(model, { batch, length, recompute, dtype });
  checkAddressable({ heapBytes: weightBytes + activationBytes + gradientBytes, activationBytes });
}

/** @throws {UsageError} if a run needs more memory than WebAssembly can address. */
export function checkAddressable({ heapBytes, activationBytes }: Pick<RunPlan, "heapBytes" | "activationBytes">): void {
  if (heapBytes <= ADDRESSABLE_BYTES) return;
  throw new UsageError(
    `this needs ${formatBytes(heapBytes)} of memory, of which ${formatBytes(activationBytes)} are activations; ` +
      `at most ${formatBytes(ADDRESSABLE_BYTES)} can be addressed: take a smaller --batch, --context or model ` +
      "(--dim, --layers, --hidden), or --recompute",
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
