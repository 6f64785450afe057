import {
  allOf,
  currentEngine,
  type Engine,
  type MatrixLike,
  matrix,
  newtonSchulzInto,
  newtonSchulzWorkspace,
  polarInto,
  polarWorkspace,
  rangeFinderInto,
  rangeFinderWorkspace,
  sizeOfFloat32,
  sizeOfFloat64,
  transpose,
} from "@sumo/linalg";
import { OptimizerOptionError } from "../errors.ts";
import type {
  AdamwUpdate,
  Backend,
  BackendSizes,
  Lines,
  NewtonSchulzOptions,
  PackedBits,
  PolarInfo,
  PolarOptions,
  ProductOptions,
  RangeFinderOptions,
  RangeInfo,
  Scratch,
} from "./backend.ts";
import { adamwInBytes } from "./linalg-adamw.ts";
import { packBytes, packedWords, unpackBytes } from "./linalg-bytes.ts";
import { fp4Words, packFp4, unpackFp4 } from "./linalg-fp4.ts";
import { type LinalgMatrix, LinalgScratch } from "./linalg-scratch.ts";
import { type LinalgSource, packed } from "./linalg-source.ts";

/**
 * The default backend: `@sumo/linalg` on one engine. State and scratch are in the engine's heap.
 * Weights and gradients in that heap are used in place; the kernels copy others in and out.
 */
export function linalgBackend(engine: Engine = currentEngine()): Backend<LinalgMatrix, LinalgSource> {
  if (typeof engine?.name !== "string" || typeof engine.heap !== "object") {
    throw new OptimizerOptionError("engine", "an engine of @sumo/linalg", engine);
  }
  return new LinalgBackend(engine);
}

/** Sizes of {@link linalgBackend}, without an engine. */
export const linalgSizes: BackendSizes = {
  allocated: (rows, cols) => sizeOfFloat32(rows * cols),
  matrix: (rows, cols) => sizeOfFloat32(rows * cols),
  packed: (rows, cols, bits) => (bits === 8 ? packedWords : fp4Words)(rows * cols),
  scaleLines: (rows, cols) => 2 * sizeOfFloat64(Math.max(rows, cols)),
  polar: (rows, cols) => allOf(polarWorkspace(rows, cols), sizeOfFloat64(Math.min(rows, cols))),
  newtonSchulz: (rows, cols) => newtonSchulzWorkspace(rows, cols, "float32"),
  rangeFinder: (rows, cols, rank, { oversampling, powerIterations }) =>
    allOf(
      rangeFinderWorkspace(rows, cols, rank, "float32", { oversampling, powerIterations }),
      sizeOfFloat64(Math.min(rows, cols)),
    ),
  scratch: (bytes) => sizeOfFloat32(Math.max(1, Math.ceil(bytes / 4))),
};

class LinalgBackend implements Backend<LinalgMatrix, LinalgSource> {
  readonly name: string;
  readonly sizes = linalgSizes;
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
    this.name = `linalg/${engine.name}`;
  }

  allocate(rows: number, cols: number): LinalgMatrix {
    return matrix(rows, cols, this.engine.heap.float32(rows * cols)) as LinalgMatrix;
  }

  dispose(a: LinalgMatrix): void {
    this.engine.heap.release(a.data);
  }

  weight(source: LinalgSource, rows: number, cols: number): LinalgMatrix | undefined {
    const data = source instanceof Float32Array ? source : (source as Partial<MatrixLike>).data;
    if (!(data instanceof Float32Array)) return undefined;
    const handle = this.gradient(source, rows, cols);
    return handle?.data.buffer === data.buffer ? handle : undefined;
  }

  gradient(source: LinalgSource, rows: number, cols: number): LinalgMatrix | undefined {
    const numbers = packed(source);
    if (numbers === undefined || !fits(numbers.shape, rows, cols)) return undefined;
    return matrix(rows, cols, numbers.data) as LinalgMatrix;
  }

  rowsOf(a: LinalgMatrix, firstRow: number, rows: number): LinalgMatrix {
    const cols = a.shape[1]!;
    return matrix(rows, cols, a.data.subarray(firstRow * cols, (firstRow + rows) * cols)) as LinalgMatrix;
  }

  shapeOf(source: LinalgSource): readonly number[] | undefined {
    return packed(source)?.shape;
  }

  scratch(bytes: number): Scratch<LinalgMatrix> {
    return new LinalgScratch(this.engine, bytes);
  }

  read(a: LinalgMatrix): Float32Array {
    // Not `from`, which converts through numbers and may change the bits of packed data.
    return a.data.slice();
  }

  write(a: LinalgMatrix, values: Float32Array): void {
    a.data.set(values);
  }

  elements(a: LinalgMatrix): Float32Array {
    return a.data;
  }

  axpby(out: LinalgMatrix, alpha: number, a: LinalgMatrix, beta: number): void {
    this.engine.axpby(out.data.length, alpha, a.data, 0, beta, out.data, 0);
  }

  norm(a: LinalgMatrix): number {
    return Math.sqrt(this.engine.dot(a.data.length, a.data, 0, a.data, 0));
  }

  matmul(
    out: LinalgMatrix,
    a: LinalgMatrix,
    b: LinalgMatrix,
    { transposeA = false, transposeB = false, alpha = 1, beta = 0 }: ProductOptions = {},
  ): void {
    const [m, n] = out.shape as [number, number];
    const k = a.shape[transposeA ? 0 : 1]!;
    const [lda, ldb] = [a.shape[1]!, b.shape[1]!];
    this.engine.gemm(transposeA, transposeB, m, n, k, alpha, a.data, 0, lda, b.data, 0, ldb, beta, out.data, 0, n);
  }

  scaleLines(
    out: LinalgMatrix,
    a: LinalgMatrix,
    numerator: LinalgMatrix | undefined,
    denominator: LinalgMatrix,
    lines: Lines,
    scratch: Scratch<LinalgMatrix>,
  ): void {
    const work = scratch as LinalgScratch;
    work.scope(() => {
      const byColumns = lines === "columns";
      const [rows, cols] = a.shape as [number, number];
      const ratio = work.float64(byColumns ? cols : rows);
      if (numerator === undefined) ratio.fill(1);
      else this.squaredNorms(numerator, byColumns, ratio);
      const divisor = this.squaredNorms(denominator, byColumns, work.float64(ratio.length));
      for (let j = 0; j < ratio.length; j++) ratio[j] = divisor[j]! > 0 ? Math.sqrt(ratio[j]! / divisor[j]!) : 0;
      this.engine.scaleLines(byColumns, rows, cols, ratio, a.data, 0, cols, out.data, 0, cols);
    });
  }

  private squaredNorms({ data, shape }: LinalgMatrix, ofColumns: boolean, out: Float64Array): Float64Array {
    const [rows, cols] = shape as [number, number];
    this.engine.squaredNorms(ofColumns, rows, cols, data, 0, cols, out);
    return out;
  }

  polar(out: LinalgMatrix, a: LinalgMatrix, scratch: Scratch<LinalgMatrix>, { tolerance }: PolarOptions): PolarInfo {
    const work = scratch as LinalgScratch;
    return work.scope(() => {
      const s = work.float64(Math.min(a.shape[0]!, a.shape[1]!));
      const { rank } = polarInto({ u: out, s }, a, work, { tolerance });
      return { rank, spectrum: s };
    });
  }

  newtonSchulz(
    out: LinalgMatrix,
    a: LinalgMatrix,
    scratch: Scratch<LinalgMatrix>,
    { coefficients, steps }: NewtonSchulzOptions,
  ): void {
    const work = scratch as LinalgScratch;
    newtonSchulzInto(out, a, work, steps === undefined ? { coefficients } : { coefficients, steps });
  }

  rangeFinder(
    out: LinalgMatrix,
    a: LinalgMatrix,
    scratch: Scratch<LinalgMatrix>,
    { transpose: transposed, start, key, oversampling, powerIterations }: RangeFinderOptions<LinalgMatrix>,
  ): RangeInfo {
    const work = scratch as LinalgScratch;
    return work.scope(() => {
      const s = work.float64(out.shape[1]!);
      const settings = { oversampling, powerIterations, key };
      rangeFinderInto(
        { q: out, s },
        transposed ? transpose(a) : a,
        work,
        start === undefined ? settings : { ...settings, start },
      );
      return { spectrum: s };
    });
  }

  pack(out: LinalgMatrix, a: LinalgMatrix, bits: PackedBits): void {
    (bits === 8 ? packBytes : packFp4)(out.data, a.data);
  }

  unpack(out: LinalgMatrix, packed: LinalgMatrix, bits: PackedBits): void {
    (bits === 8 ? unpackBytes : unpackFp4)(out.data, packed.data);
  }

  shrinkAgreeing({ data: weight }: LinalgMatrix, { data: direction }: LinalgMatrix, factor: number): void {
    for (let i = 0; i < weight.length; i++) if (direction[i]! * weight[i]! > 0) weight[i] = factor * weight[i]!;
  }

  adamw(
    weight: LinalgMatrix,
    gradient: LinalgMatrix,
    first: LinalgMatrix,
    second: LinalgMatrix,
    { lr, beta1, beta2, eps, decay, correction1, correction2 }: AdamwUpdate,
  ): void {
    const n = weight.data.length;
    const [w, g, m, v] = [weight.data, gradient.data, first.data, second.data];
    this.engine.adamw(n, w, 0, g, 0, m, 0, v, 0, lr, beta1, beta2, eps, decay, correction1, correction2);
  }

  adamwPacked(
    weight: LinalgMatrix,
    gradient: LinalgMatrix,
    first: LinalgMatrix,
    second: LinalgMatrix,
    update: AdamwUpdate,
  ): void {
    adamwInBytes(weight.data, gradient.data, first.data, second.data, update);
  }
}

/** Whether numbers of this shape are `rows × cols`: flat, a matrix, or a kernel that is flattened on one side. */
function fits(shape: readonly number[], rows: number, cols: number): boolean {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== rows * cols) return false;
  if (shape.length === 2) return shape[0] === rows;
  return shape.length < 2 || shape[0] === rows || shape.at(-1) === cols;
}
