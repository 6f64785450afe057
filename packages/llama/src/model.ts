import { currentEngine, type Engine } from "@sumo/linalg";
import { type LlamaConfig, llamaConfig } from "./config.ts";
import { ConfigError } from "./errors.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { referenceKernels } from "./kernels/reference.ts";
import { createWasmKernels } from "./kernels/wasm.ts";
import { Lease } from "./lease.ts";
import { initializeParameters, layerParameters, outerParameters, type Parameter } from "./parameters.ts";
import type { Pass, PassOptions } from "./pass.ts";
import { createReader, type Reader } from "./reader.ts";
import type { ModelParts } from "./run.ts";
import { createSinglePass } from "./single-pass.ts";
import { createThreadedPass, type ThreadedPassOptions } from "./threaded-pass.ts";
import { allocateWeights } from "./weights.ts";

export interface LlamaOptions {
  /** Where the weights live and the products run. Default: linalg's current engine. */
  readonly engine?: Engine;
  /** Of the initial weights: a whole number below 2⁵³. Default 0. */
  readonly seed?: number;
}

/** A LLaMA whose weights lie in an engine's heap. */
export interface Llama {
  readonly config: LlamaConfig;
  readonly engine: Engine;
  /** Every weight, one typed array each, in the heap; whoever writes to them changes the model. Embedding first, then layer by layer, norm, head. */
  readonly parameters: readonly Parameter[];
  /** @throws {ConfigError} for a shape that the model cannot take. @throws {WorkspaceError} when the heap is full. */
  createPass(batch: number, length: number, options?: PassOptions): Pass;
  /**
   * A pass on several threads, the calling one and the workers: the same bits as on one. The calling thread must be one that may sleep
   * (`Atomics.wait`): any in Node, a worker in a browser.
   *
   * @throws {ConfigError} for a shape that the model cannot take, more threads than sequences, or an engine that is not `wasm` on a
   * shared heap. @throws {CrewError} when workers do not join in time. @throws {WorkspaceError} when the heap is full.
   */
  createThreadedPass(batch: number, length: number, options: ThreadedPassOptions): Promise<Pass>;
  /** @throws {WorkspaceError} when the heap is full. */
  createReader(): Reader;
  /** Gives the weights' memory back. The model must not be used again. */
  dispose(): void;
}

/**
 * A LLaMA (Touvron et al. 2023): RMSNorm, rotary positions, causal attention with grouped queries, SwiGLU. Initialized with normal numbers
 * of deviation 0.02, the projections into the residual stream divided by √(2 layers), norms 1.
 *
 * @param config - what is missing takes the defaults of {@link llamaConfig}.
 * @throws {ConfigError} for a config or seed out of range. @throws {WorkspaceError} when the heap is full.
 *
 * @example
 * const model = createLlama({ dim: 64, layers: 2, context: 32 });
 * const pass = model.createPass(1, 4);
 * pass.loss(Int32Array.of(1, 2, 3, 4), Int32Array.of(2, 3, 4, 5)); // about ln 256
 */
export function createLlama(
  config: Partial<LlamaConfig> = {},
  { engine = currentEngine(), seed = 0 }: LlamaOptions = {},
): Llama {
  const full = llamaConfig(config);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError("createLlama", `seed must be a whole number below 2^53, got ${seed}`);
  }
  return Lease.take(engine.heap, (lease) => build(full, engine, seed, lease));
}

function build(config: LlamaConfig, engine: Engine, seed: number, lease: Lease): Llama {
  const weights = allocateWeights(config, lease);
  const { embedding, norm, head } = outerParameters(config, weights.outer);
  const layers = weights.layers.flatMap((blocks, layer) => layerParameters(config, layer, blocks));
  const parameters = [embedding, ...layers, norm, ...(config.tied ? [] : [head])];
  initializeParameters(parameters, config.layers, seed);
  const parts: ModelParts = { config, engine, kernels: kernelsOf(engine), weights };
  return {
    config,
    engine,
    parameters,
    createPass: (batch, length, options = {}) => createSinglePass(parts, batch, length, options),
    createThreadedPass: (batch, length, options) => createThreadedPass(parts, batch, length, options),
    createReader: () => createReader(parts),
    dispose: () => lease.release(),
  };
}

/** The reference engine gets the reference kernels; every other engine's heap carries the WebAssembly ones. */
function kernelsOf(engine: Engine): Kernels {
  return engine.name === "reference" ? referenceKernels : createWasmKernels(engine.heap);
}
