/**
 * The GPU's backend for the optimizers of @sumo/core.
 *
 * @module
 */

import type {
  AdamwUpdate,
  Backend,
  BackendSizes,
  Lines,
  NewtonSchulzOptions,
  PolarInfo,
  PolarOptions,
  ProductOptions,
  RangeFinderOptions,
  RangeInfo,
  Scratch,
} from "@sumo/core";
import { describe } from "@sumo/linalg";
import { checkOptions } from "../arguments.ts";
import { newtonSchulzInto } from "../decompositions/newton-schulz.ts";
import { polarInto } from "../decompositions/polar.ts";
import { rangeFinder } from "../decompositions/randomized.ts";
import { GpuArgumentError, GpuOptionError } from "../errors.ts";
import {
  adamwKernel,
  ratioKernel,
  reciprocalKernel,
  shrinkKernel,
  squareMeanKernel,
} from "../kernels/elementwise-kernels.ts";
import { axpbyInto } from "../operations/elementwise.ts";
import { scaleColumnsInto, scaleRowsInto } from "../operations/lines.ts";
import { matmulInto } from "../operations/matmul.ts";
import { columnNorms, norm, rowNorms } from "../operations/reduce.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { GpuTensor } from "../tensor/tensor.ts";
import { expectedNormsOf } from "./expected-norms.ts";

/** Options of {@link gpuBackend}. */
export interface GpuBackendOptions {
  /**
   * Place of the exact polar factor: `"exact"` (default) reads the r × n matrix back and factors it in float64 on the CPU;
   * `"device"` stays on the GPU with eight Polar Express steps in float32, which agree up to condition 1e3.
   */
  readonly polar?: "exact" | "device";
}

/**
 * A {@link Gpu} as a backend of `@sumo/core`: weights, gradients, state and scratch are tensors on it.
 *
 * A step of SUMO reads back once: the moment for its exact polar factor, and with it the norms that check the gradient and limit the
 * update. A refresh also reads back a few matrices of the sketch's width. A step of AdamW reads back the gradient's norm, unless the
 * upload computed it.
 *
 * @example
 * const optimizer = createOptimizer([{ name: "w", shape: [64, 32], data: w }], options, { backend: gpuBackend(gpu) });
 */
export function gpuBackend(gpu: Gpu, options: GpuBackendOptions = {}): Backend<GpuTensor> {
  if (typeof gpu?.runPacked !== "function") {
    throw new GpuArgumentError(`gpuBackend: expected a Gpu of createGpu, got ${describe(gpu)}`);
  }
  checkOptions("gpuBackend", options, { polar: "any" });
  const { polar = "exact" } = options;
  if (polar !== "exact" && polar !== "device") {
    throw new GpuOptionError(`gpuBackend: expected polar "exact" or "device", got ${describe(polar)}`);
  }
  return new GpuBackend(gpu, polar);
}

class GpuBackend implements Backend<GpuTensor> {
  readonly name: string;
  readonly readsStall = true;
  readonly sizes: BackendSizes;
  private readonly gpu: Gpu;
  private readonly place: "exact" | "device";
  private readonly expected: ReturnType<typeof expectedNormsOf>;

  constructor(gpu: Gpu, place: "exact" | "device") {
    this.gpu = gpu;
    this.expected = expectedNormsOf(gpu);
    this.place = place;
    this.name = `gpu/${gpu.mode}`;
    this.sizes = gpuSizes(gpu, place);
  }

  allocate(rows: number, cols: number): GpuTensor {
    return this.gpu.keep(this.gpu.zeros(rows, cols));
  }

  dispose(a: GpuTensor): void {
    a.dispose();
  }

  weight(source: GpuTensor, rows: number, cols: number): GpuTensor | undefined {
    return source.rows === rows && source.cols === cols ? source : undefined;
  }

  gradient(source: GpuTensor, rows: number, cols: number): GpuTensor | undefined {
    return this.weight(source, rows, cols);
  }

  shapeOf(source: GpuTensor): readonly number[] {
    return source.shape;
  }

  scratch(): Scratch<GpuTensor> {
    return new GpuScratch(this.gpu);
  }

  read(a: GpuTensor): Float32Array {
    return a.read();
  }

  write(a: GpuTensor, values: Float32Array): void {
    a.write(values);
  }

  axpby(out: GpuTensor, alpha: number, a: GpuTensor, beta: number): void {
    axpbyInto(out, alpha, a, beta);
  }

  norm(a: GpuTensor): number {
    return norm(a);
  }

  expectNorms(a: GpuTensor, lines?: Lines): void {
    this.expected.expect(a, lines);
  }

  knownLineNorms(a: GpuTensor, lines: Lines): Float64Array | undefined {
    return this.gpu.norms(a)[lines];
  }

  matmul(out: GpuTensor, a: GpuTensor, b: GpuTensor, options: ProductOptions = {}): void {
    matmulInto(out, a, b, options);
  }

  scaleLines(
    out: GpuTensor,
    a: GpuTensor,
    numerator: GpuTensor | undefined,
    denominator: GpuTensor,
    lines: Lines,
  ): void {
    this.gpu.scope(() => {
      const norms = lines === "rows" ? rowNorms : columnNorms;
      const factors = norms(numerator ?? denominator);
      if (numerator === undefined) this.gpu.run(reciprocalKernel, factors, [factors]);
      else this.gpu.run(ratioKernel, factors, [factors, norms(denominator)]);
      if (lines === "rows") scaleRowsInto(out, a, factors);
      else scaleColumnsInto(out, a, factors);
    });
  }

  polar(out: GpuTensor, a: GpuTensor, _: Scratch<GpuTensor>, { tolerance }: PolarOptions): PolarInfo {
    if (this.place === "device") {
      newtonSchulzInto(out, a);
      return {};
    }
    const { s, rank } = polarInto(out, a, { tolerance });
    return { spectrum: s, rank };
  }

  newtonSchulz(out: GpuTensor, a: GpuTensor, _: Scratch<GpuTensor>, options: NewtonSchulzOptions): void {
    newtonSchulzInto(out, a, options);
  }

  rangeFinder(out: GpuTensor, a: GpuTensor, _: Scratch<GpuTensor>, options: RangeFinderOptions<GpuTensor>): RangeInfo {
    return this.gpu.scope(() => {
      const { q, s } = rangeFinder(a, out.cols, options);
      this.gpu.copy(out, q);
      return { spectrum: s };
    });
  }

  shrinkAgreeing(weight: GpuTensor, direction: GpuTensor, factor: number): void {
    this.gpu.run(shrinkKernel, weight, [weight, direction], [factor]);
  }

  adamw(weight: GpuTensor, gradient: GpuTensor, first: GpuTensor, second: GpuTensor, update: AdamwUpdate): void {
    const { lr, beta1, beta2, eps, decay, correction1, correction2 } = update;
    axpbyInto(first, 1 - beta1, gradient, beta1);
    this.gpu.run(squareMeanKernel, second, [second, gradient], [beta2, 1 - beta2]);
    const numbers = [1 - lr * decay, lr / correction1, 1 / correction2, eps];
    this.gpu.run(adamwKernel, weight, [weight, first, second], numbers);
  }
}

/** Scratch tensors. Their memory is reused by later tensors of the same shape. */
class GpuScratch implements Scratch<GpuTensor> {
  private readonly gpu: Gpu;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  scope<R>(body: (scratch: Scratch<GpuTensor>) => R): R {
    return this.gpu.scope(() => body(this));
  }

  matrix(rows: number, cols: number): GpuTensor {
    return this.gpu.empty(rows, cols);
  }

  dispose(): void {}
}

/** Peak bytes of each routine on the device, without the temporaries of products. */
function gpuSizes(gpu: Gpu, place: "exact" | "device"): BackendSizes {
  const bytes = (rows: number, cols: number): number => gpu.bytesOf(rows, cols);
  const polynomial = (rows: number, cols: number): number => {
    const [r, n] = [Math.min(rows, cols), Math.max(rows, cols)];
    return bytes(cols, rows) + 3 * bytes(r, n) + 3 * bytes(r, r) + 2 * bytes(r, 1);
  };
  return {
    allocated: bytes,
    matrix: bytes,
    scaleLines: (rows, cols) => bytes(rows, cols) + 3 * Math.max(bytes(rows, 1), bytes(1, cols)),
    polar: (rows, cols) => (place === "exact" ? 0 : polynomial(rows, cols)),
    newtonSchulz: polynomial,
    rangeFinder: (rows, cols, rank, { oversampling }) => {
      const l = Math.min(rank + oversampling, rows, cols);
      const long = Math.max(rows, cols);
      return bytes(rows, cols) + 5 * Math.max(bytes(long, l), bytes(l, long)) + 3 * bytes(l, l);
    },
    scratch: (size) => size,
  };
}
