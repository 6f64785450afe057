import { currentEngine, type Engine } from "@sumo/linalg";
import { checkBfloat16, checkEngine, checkKey, checkOptions } from "./arguments.ts";
import { loadWeights } from "./checkpoint/load-weights.ts";
import type { WeightFile } from "./checkpoint/weight-file.ts";
import { type LlamaConfig, llamaConfig } from "./config.ts";
import { createDecoder, type Decoder } from "./decode/decoder.ts";
import { ConfigError } from "./errors.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { referenceKernels } from "./kernels/reference/reference-kernels.ts";
import { createWasmKernels } from "./kernels/wasm-kernels.ts";
import { Arena } from "./memory/arena.ts";
import type { ModelParts } from "./pass/context.ts";
import type { Pass, PassOptions } from "./pass/pass.ts";
import { createSinglePass } from "./pass/single-pass.ts";
import { createThreadedPass, type ThreadedPassOptions } from "./threads/threaded-pass.ts";
import { initializeParameters } from "./weights/initialize.ts";
import { layerParameters, outerParameters, type Parameter, type WeightData } from "./weights/parameters.ts";
import { allocateWeights, checkWeightType, type WeightType } from "./weights/weights.ts";

/** Options of {@link createLlama}. */
export interface LlamaOptions {
  /** Engine whose heap holds the weights and which computes the products. Default: linalg's current engine. */
  readonly engine?: Engine;
  /** Seed of random weights: a whole number from 0 to below 2⁵³. Default 0. */
  readonly seed?: number;
  /** Safetensors files to read the weights from, as {@link loadWeights} does. No random weights are drawn then. */
  readonly weights?: readonly WeightFile[];
  /**
   * The compiled kernels, `import`ed from `@sumo/llama/kernels.wasm`, where a runtime forbids compiling from bytes: a `WebAssembly.Module`.
   * The engine is then one of `createWasmEngine(heap, module)`, not on a shared heap.
   */
  readonly kernels?: object;
  /**
   * Type of the numbers in the matrices: `"bfloat16"` takes half the memory, and no copy in float32 beside it, which products make of a piece at a
   * time. Norms and biases are float32. Default `"float32"`.
   */
  readonly dtype?: WeightType;
}

/** A LLaMA whose weights lie in an engine's heap. `Data` is that of its parameters: `WeightData` where its matrices may be bfloat16. */
export interface Llama<Data extends WeightData = Float32Array> {
  readonly config: LlamaConfig;
  readonly engine: Engine;
  /** Type of the numbers in the matrices. */
  readonly dtype: WeightType;
  /** The weights, as views of the heap: writing to them changes the model. Embedding first, then layer by layer, norm, head. */
  readonly parameters: readonly Parameter<Data>[];
  /**
   * out ← bfloat16 numbers, exactly. Both lie in the engine's heap. Cost: of copying them.
   *
   * @throws {InputError} for other arrays, or unequal lengths.
   */
  widen(out: Float32Array, weights: Uint16Array): void;
  /**
   * weights ← numbers in bfloat16. Each becomes one of the two around it at random, so that its mean over keys is the number, and steps that are much
   * smaller than the gap of the two are not lost but taken now and then (stochastic rounding). Numbers of bfloat16 stay as they are.
   *
   * @param weights - may be part of a parameter. Lies in the engine's heap, like `numbers`.
   * @param key - two whole numbers below 2³²: equal keys give equal bits.
   * @throws {InputError} as {@link widen}.
   * @see Gupta et al., Deep Learning with Limited Numerical Precision, arXiv 1502.02551 (2015), §3.
   */
  roundAtRandom(weights: Uint16Array, numbers: Float32Array, key: readonly [first: number, second: number]): void;
  /**
   * Creates a pass over batches of `batch` sequences of `length` tokens, on the calling thread.
   *
   * @throws {ConfigError} for a shape that the model cannot take. @throws {WorkspaceError} when the heap is full.
   */
  createPass(batch: number, length: number, options?: PassOptions): Pass;
  /**
   * Creates a pass on several threads, the calling one and the workers, with the same bits as on one. The calling thread must be allowed
   * to sleep (`Atomics.wait`): any thread of Node, a worker in a browser.
   *
   * @throws {ConfigError} for a shape that the model cannot take, more threads than sequences, or an engine that is not `wasm` on a
   * shared heap. @throws {CrewError} when workers do not join in time. @throws {WorkspaceError} when the heap is full.
   */
  createThreadedPass(batch: number, length: number, options: ThreadedPassOptions): Promise<Pass>;
  /**
   * Creates an incremental decoder.
   *
   * @param capacity - tokens that its cache holds, at most the context. Default: the context. Its memory is proportional to them.
   * @throws {ConfigError} for a capacity outside the context. @throws {WorkspaceError} when the heap is full.
   */
  createDecoder(capacity?: number): Decoder;
  /** Releases the weights' memory. The model must not be used again. */
  dispose(): void;
}

/**
 * Creates a LLaMA (Touvron et al. 2023): RMSNorm, rotary positions, causal attention with grouped queries, SwiGLU. Weights are normal
 * numbers of standard deviation 0.02, divided by √(2 layers) for the projections into the residual stream; norms are 1.
 *
 * @param config - missing entries take the defaults of {@link llamaConfig}.
 * @throws {ConfigError} for a config, seed or type out of range. @throws {WorkspaceError} when the heap is full. @throws {CheckpointError} for
 * weights that do not fit the config. @throws {InputError} for another module in `kernels`. Nothing stays allocated.
 *
 * @example
 * const model = createLlama({ dim: 64, layers: 2, context: 32 });
 * const pass = model.createPass(1, 4);
 * pass.loss(Int32Array.of(1, 2, 3, 4), Int32Array.of(2, 3, 4, 5)); // about ln 256
 */
export function createLlama(
  config?: Partial<LlamaConfig>,
  options?: LlamaOptions & { readonly dtype?: "float32" },
): Llama;
export function createLlama(config: Partial<LlamaConfig> | undefined, options: LlamaOptions): Llama<WeightData>;
export function createLlama(config: Partial<LlamaConfig> = {}, options: LlamaOptions = {}): Llama<WeightData> {
  checkOptions("createLlama", options, { engine: "any", seed: "number", weights: "any", kernels: "any", dtype: "any" });
  const { engine = currentEngine(), seed = 0, weights, kernels, dtype = "float32" } = options;
  checkEngine("createLlama", engine);
  checkWeightType("createLlama", dtype);
  const full = llamaConfig(config);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError("createLlama", `seed must be a whole number below 2^53, got ${seed}`);
  }
  return Arena.allocate(engine.heap, (arena) => {
    const model = build(full, engine, kernelsOf(engine, kernels), dtype, arena);
    if (weights === undefined) initializeParameters(model.parameters, full.layers, seed);
    else loadWeights(model, weights);
    return model;
  });
}

function build(
  config: LlamaConfig,
  engine: Engine,
  kernels: Kernels,
  dtype: WeightType,
  arena: Arena,
): Llama<WeightData> {
  const weights = allocateWeights(config, dtype, arena);
  const { embedding, norm, head } = outerParameters(config, weights.outer);
  const layers = weights.layers.flatMap((blocks, layer) => layerParameters(config, layer, blocks));
  const parameters = [embedding, ...layers, norm, ...(config.tied ? [] : [head])];
  const parts: ModelParts = { config, engine, kernels, weights, dtype };
  return {
    config,
    engine,
    dtype,
    parameters,
    widen: (out, stored) => {
      checkBfloat16("widen", engine, stored, out);
      kernels.widen(out.length, stored, 0, out, 0);
    },
    roundAtRandom: (stored, numbers, key) => {
      checkBfloat16("roundAtRandom", engine, stored, numbers);
      checkKey("roundAtRandom", key);
      kernels.roundAtRandom(numbers.length, numbers, 0, key[0], key[1], stored, 0);
    },
    createPass: (batch, length, options = {}) => createSinglePass(parts, batch, length, options),
    createThreadedPass: (batch, length, options) => createThreadedPass(parts, batch, length, options),
    createDecoder: (capacity = config.context) => createDecoder(parts, capacity),
    dispose: () => arena.release(),
  };
}

/** Kernels for an engine: the reference kernels for the reference engine, WebAssembly on the engine's heap for all others. */
function kernelsOf(engine: Engine, module: object | undefined): Kernels {
  const isReference = engine.name === "reference" && module === undefined;
  return isReference ? referenceKernels : createWasmKernels(engine.heap, module);
}
