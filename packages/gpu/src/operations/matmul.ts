import type { OptionKinds } from "@sumo/linalg";
import { checkOptions, checkTensors } from "../arguments.ts";
import { GpuShapeError } from "../errors.ts";
import {
  gatherRows,
  productKernel,
  productPlusKernel,
  productRows,
  productTransposedKernel,
  productTransposedPlusKernel,
} from "../kernels/product-kernels.ts";
import type { GpuTensor } from "../tensor/tensor.ts";
import { transpose, transposeInto } from "./move.ts";

/** Options of a product. */
export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Factor of the product. Default 1. */
  readonly alpha?: number;
}

/** Options of a product that is written into a tensor. */
export interface MatmulIntoOptions extends MatmulOptions {
  /** Factor of the previous `out`. Default 0: `out` is not read. */
  readonly beta?: number;
}

const OPTIONS: OptionKinds<MatmulOptions> = { transposeA: "boolean", transposeB: "boolean", alpha: "number" };
const INTO_OPTIONS: OptionKinds<MatmulIntoOptions> = { ...OPTIONS, beta: "number" };

const [ROWS, ROWS_TRANSPOSED, GATHER, GATHER_PLUS] = [
  productRows(false),
  productRows(true),
  gatherRows(false),
  gatherRows(true),
];

/** Fewest multiplications for kernels with four rows a thread: on two software GPUs 0.8 to 1.4 times as fast at this size, 2.0 at 2^30. */
const ROWS_FROM = 2 ** 21;

/**
 * alpha op(a) op(b), op(x) = x or xᵀ. Owned by the innermost open scope, else by the caller.
 *
 * @throws {GpuShapeError} if the inner sizes differ.
 * Accuracy: sums of float32 products in float32, four products at a time on WebGL. Cost: 2mnk flops; `transposeA` adds a transposition.
 * On WebGL a large product temporarily needs the memory of its result twice.
 *
 * @example
 * const gradient = matmul(x, delta, { transposeA: true });
 */
export function matmul(a: GpuTensor, b: GpuTensor, options: MatmulOptions = {}): GpuTensor {
  checkTensors("matmul", [a, b]);
  checkOptions("matmul", options, OPTIONS);
  const { m, n } = sizes(a, b, options);
  return matmulInto(a.gpu.empty(m, n), a, b, options);
}

/** out ← alpha op(a) op(b) + beta out; see {@link matmul}. `out` may be an operand. */
export function matmulInto(out: GpuTensor, a: GpuTensor, b: GpuTensor, options: MatmulIntoOptions = {}): GpuTensor {
  checkTensors("matmul", [out, a, b]);
  checkOptions("matmul", options, INTO_OPTIONS);
  const { m, n, k } = sizes(a, b, options);
  if (out.rows !== m || out.cols !== n) {
    throw new GpuShapeError(`matmul: expected out ${m} x ${n}, got ${out.rows} x ${out.cols}`);
  }
  const { transposeA = false, transposeB = false, alpha = 1, beta = 0 } = options;
  if (!transposeA) return product(out, a, b, transposeB, alpha, beta);
  // The kernels read `a` along its rows: transpose it first, or, if they are smaller, the other operand and the result.
  if (transposeB || beta !== 0 || m * k <= k * n + m * n) {
    return a.gpu.scope(() => product(out, transpose(a), b, transposeB, alpha, beta));
  }
  return a.gpu.scope(() => {
    const flipped = product(a.gpu.empty(n, m), transpose(b), a, false, alpha, 0);
    return transposeInto(out, flipped);
  });
}

/** Gram matrix a aᵀ, or aᵀ a: see {@link matmul}. */
export function gram(a: GpuTensor, options: { readonly transpose?: boolean } = {}): GpuTensor {
  checkTensors("gram", [a]);
  checkOptions("gram", options, { transpose: "boolean" });
  return matmul(a, a, options.transpose ? { transposeA: true } : { transposeB: true });
}

function product(
  out: GpuTensor,
  a: GpuTensor,
  b: GpuTensor,
  transposed: boolean,
  alpha: number,
  beta: number,
): GpuTensor {
  const { gpu } = out;
  if (gpu.writesFour && out.rows * out.cols * a.cols >= ROWS_FROM)
    return rowsInFours(out, a, b, transposed, alpha, beta);
  const numbers = [a.cols, out.cols, alpha];
  if (beta === 0) {
    gpu.run(transposed ? productTransposedKernel : productKernel, out, [a, b], numbers);
  } else {
    const kernel = transposed ? productTransposedPlusKernel : productPlusKernel;
    gpu.run(kernel, out, [a, b, out], [...numbers, beta]);
  }
  return out;
}

/** Computes four rows a thread, into four matrices; a second kernel interleaves their rows. */
function rowsInFours(
  out: GpuTensor,
  a: GpuTensor,
  b: GpuTensor,
  transposed: boolean,
  alpha: number,
  beta: number,
): GpuTensor {
  const { gpu, rows, cols } = out;
  const part = (): GpuTensor => gpu.empty(Math.ceil(rows / 4), cols);
  gpu.scope(() => {
    const parts = [part(), part(), part(), part()] as const;
    gpu.runPacked(transposed ? ROWS_TRANSPOSED : ROWS, parts, [a, b], [a.cols, cols]);
    if (beta === 0) gpu.runPacked(GATHER, [out], parts, [alpha]);
    else gpu.runPacked(GATHER_PLUS, [out], [...parts, out], [alpha, beta]);
  });
  return out;
}

function sizes(
  a: GpuTensor,
  b: GpuTensor,
  { transposeA = false, transposeB = false }: MatmulOptions,
): { m: number; n: number; k: number } {
  const [m, k] = transposeA ? [a.cols, a.rows] : [a.rows, a.cols];
  const [inner, n] = transposeB ? [b.cols, b.rows] : [b.rows, b.cols];
  if (k !== inner) throw new GpuShapeError(`matmul: ${m} x ${k} and ${inner} x ${n} have no product`);
  return { m, n, k };
}
