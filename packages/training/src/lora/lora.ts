import {
  type CreateOptions,
  createOptimizer,
  type Group,
  type LinalgMatrix,
  type LinalgSource,
  linalgBackend,
  type Optimizer,
  type PendingStep,
  type RandomAccessFile,
  readSafetensors,
  safetensorsPieces,
  type Tensor,
  writeSafetensors,
} from "@sumo/core";
import { type Engine, fillUniform, sizeOfFloat32 } from "@sumo/linalg";
import type { Parameter } from "@sumo/llama";
import { RunError } from "../errors.ts";
import type { TrainOptions } from "../options/train-options.ts";
import { type FactorPair, factorsOf, lengthOf, scalingOf, scratchLengths, shapesOf } from "./factors.ts";

/** First stream of the random numbers of factors, apart from those of weights, batches and samples. */
const STREAM = 0x6c6f7261; // "lora"

/** What a training step does with the gradient of a weight. Optimizers do it, and LoRA around one. */
export type Method = Pick<Optimizer, "stepParameterStart" | "savePieces" | "load" | "dispose">;

/** A weight with its factors. */
interface Target {
  readonly pair: FactorPair;
  readonly weight: Float32Array;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

type Accumulation = Pick<CreateOptions<LinalgMatrix, LinalgSource>, "microBatches" | "collective">;

/** How factors are trained. */
interface LoraOptions extends Pick<TrainOptions, "rank" | "alpha" | "seed"> {
  /** The optimizer of the factors. */
  readonly groups: Group | readonly Group[];
}

/** Bytes of heap that {@link Lora} takes beside its optimizer: the factors, and its scratch. */
export function bytesOfLora(pairs: readonly FactorPair[]): {
  readonly factorBytes: number;
  readonly scratchBytes: number;
} {
  const { a, b } = scratchLengths(pairs);
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  return {
    factorBytes: sum(shapesOf(pairs).map((factor) => sizeOfFloat32(lengthOf(factor)))),
    scratchBytes: 2 * (sizeOfFloat32(a) + sizeOfFloat32(b)),
  };
}

/**
 * LoRA: each weight is W = W₀ + s B A, and any optimizer trains the factors A and B. A begins uniform within ±1/√inputs, B with 0, so that W begins
 * as W₀.
 *
 * The model computes with W, of which the backward pass has the gradient G in any case, a layer at a time. The factors' gradients are s Bᵀ G and
 * s G Aᵀ, and after their step W changes by s (B′ A′ − B A): neither W₀ nor a second path through the model is kept. Cost of a step: 8 m n r flops
 * for an m × n weight; memory: the factors, their optimizer's state, and two more pairs of the largest factors.
 *
 * @see Hu et al., LoRA, arXiv 2106.09685 (2021), §4.1; initial values as PEFT's.
 */
export class Lora implements Method {
  /** The optimizer of the factors. */
  readonly optimizer: Optimizer;
  private readonly engine: Engine;
  private readonly scaling: number;
  private readonly targets: ReadonlyMap<string, Target>;
  private readonly scratch: { readonly [name in "dA" | "dB" | "oldA" | "oldB"]: Float32Array };

  /**
   * @param weights - the matrices to adapt, in the engine's heap, which are changed in place.
   * @param accumulation - of the factors' gradients, over micro-batches and ranks.
   */
  constructor(weights: readonly Parameter[], options: LoraOptions, engine: Engine, accumulation: Accumulation) {
    const { groups, seed } = options;
    const pairs = factorsOf(weights, options);
    const { heap } = engine;
    this.engine = engine;
    this.scaling = scalingOf(options);
    const targets = pairs.map((pair, i): Target => {
      const a = heap.float32(lengthOf(pair.a));
      fillUniform(a, [seed, STREAM + i, 0]);
      const bound = 1 / Math.sqrt(pair.a.shape[1]);
      for (let k = 0; k < a.length; k++) a[k] = bound * (2 * a[k]! - 1);
      return { pair, weight: weights[i]!.data, a, b: heap.float32(lengthOf(pair.b)) };
    });
    this.targets = new Map(targets.map((target) => [target.pair.weight, target]));
    const { a, b } = scratchLengths(pairs);
    this.scratch = { dA: heap.float32(a), dB: heap.float32(b), oldA: heap.float32(a), oldB: heap.float32(b) };
    const parameters = targets.flatMap((target) => [
      { ...target.pair.a, data: target.a },
      { ...target.pair.b, data: target.b },
    ]);
    this.optimizer = createOptimizer(parameters, groups, { backend: linalgBackend(engine), ...accumulation });
  }

  /** The factors of a weight, as views of the heap. */
  factorsOf(name: string): Pick<Target, "a" | "b"> {
    return this.targets.get(name)!;
  }

  /** Waits for the factors' sums over the ranks, which are small. */
  stepParameterStart(name: string, gradient: Float32Array): PendingStep {
    this.stepParameter(name, gradient);
    return { wait() {} };
  }

  stepParameter(name: string, gradient: Float32Array): void {
    const { pair, weight, a, b } = this.targets.get(name)!;
    const { engine, scaling } = this;
    const [rank, inputs] = pair.a.shape;
    const [out] = pair.b.shape;
    const dA = this.scratch.dA.subarray(0, a.length);
    const dB = this.scratch.dB.subarray(0, b.length);
    const oldA = this.scratch.oldA.subarray(0, a.length);
    const oldB = this.scratch.oldB.subarray(0, b.length);
    engine.gemm(true, false, rank, inputs, out, scaling, b, 0, rank, gradient, 0, inputs, 0, dA, 0, inputs);
    engine.gemm(false, true, out, rank, inputs, scaling, gradient, 0, inputs, a, 0, inputs, 0, dB, 0, rank);
    oldA.set(a);
    oldB.set(b);
    this.optimizer.step({ [pair.a.name]: dA, [pair.b.name]: dB });
    // B′ A′ − B A = (B′ − B) A′ + B (A′ − A): small terms, so that W is not rounded twice by large ones.
    for (let i = 0; i < a.length; i++) dA[i] = a[i]! - oldA[i]!;
    for (let i = 0; i < b.length; i++) dB[i] = b[i]! - oldB[i]!;
    engine.gemm(false, false, out, inputs, rank, scaling, dB, 0, rank, a, 0, inputs, 1, weight, 0, inputs);
    engine.gemm(false, false, out, inputs, rank, scaling, oldB, 0, rank, dA, 0, inputs, 1, weight, 0, inputs);
  }

  /** The state of the factors' optimizer, as it saves it, and the factors. */
  savePieces(): Iterable<Uint8Array> {
    const { tensors, metadata } = readSafetensors(this.optimizer.save());
    const factors = this.factors().map(([{ name, shape }, data]) => [name, { shape, data }] as const);
    return safetensorsPieces({ ...tensors, ...Object.fromEntries(factors) }, metadata);
  }

  /** @throws {RunError} if the file lacks a factor. @throws as `Optimizer.load`. Nothing is changed then. */
  load(file: Uint8Array | RandomAccessFile): void {
    const { tensors, metadata } = readSafetensors(bytesOf(file));
    const state = { ...tensors };
    const factors = this.factors().map(([factor, data]) => {
      delete state[factor.name];
      return [data, storedFactor(factor, tensors[factor.name])] as const;
    });
    this.optimizer.load(writeSafetensors(state, metadata));
    for (const [data, stored] of factors) data.set(stored);
  }

  dispose(): void {
    this.optimizer.dispose();
    const { heap } = this.engine;
    for (const [, data] of this.factors()) heap.release(data);
    for (const block of Object.values(this.scratch)) heap.release(block);
  }

  private factors(): (readonly [FactorPair["a"], Float32Array])[] {
    return Array.from(this.targets.values()).flatMap(({ pair, a, b }) => [[pair.a, a] as const, [pair.b, b] as const]);
  }
}

function storedFactor({ name, shape }: FactorPair["a"], tensor: Tensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array && tensor.shape.join() === shape.join()) return tensor.data;
  throw new RunError(`damaged checkpoint: it has no ${name} of [${shape.join(", ")}]`);
}

function bytesOf(file: Uint8Array | RandomAccessFile): Uint8Array {
  if (file instanceof Uint8Array) return file;
  const bytes = new Uint8Array(file.size);
  file.read(bytes, 0);
  return bytes;
}
