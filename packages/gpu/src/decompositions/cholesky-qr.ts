import { cholesky, identity, type Matrix, matrix, qr, SingularError, solveTriangular, zeros } from "@sumo/linalg";
import { checkTensors } from "../arguments.ts";
import { GpuShapeError } from "../errors.ts";
import { gram, matmul } from "../operations/matmul.ts";
import type { GpuTensor } from "../tensor/tensor.ts";
import { rescaled } from "./scaling.ts";

const EPS = 2 ** -23;
const MAX_PASSES = 4;

/** QR factors of a matrix on the GPU. */
export interface GpuQR {
  /** m × n, orthonormal columns. Owned by the innermost open scope, else by the caller. */
  readonly q: GpuTensor;
  /** n × n, upper triangular. */
  readonly r: Matrix<Float64Array>;
}

/**
 * QR factorization a = q r of a tall matrix by Cholesky factors of its Gram matrix: products on the GPU, n × n matrices on the CPU.
 *
 * @param a - m × n, m ≥ n, any rank.
 * @throws {GpuShapeError} if m < n. @throws {NonFiniteError}
 * Accuracy: ‖qᵀq − I‖ and ‖a − q r‖ / ‖a‖ are of the order of float32 rounding for every `a`. A matrix with a condition above about 1e6,
 * or without full rank, is read back and factored by `@sumo/linalg`.
 * Cost: 2 passes of 4mn² flops up to condition 1e3, one more to 1e6; an n × n read-back each.
 *
 * @see Yamamoto, Nakatsukasa, Yanagisawa and Fukaya, Roundoff error analysis of the CholeskyQR2 algorithm (2015); Fukaya et al.,
 * Shifted Cholesky QR (2020). Deviates: r is qᵀ a, whose error does not grow with the condition.
 */
export function choleskyQR(a: GpuTensor): GpuQR {
  checkTensors("choleskyQR", [a]);
  if (a.rows < a.cols) throw new GpuShapeError(`choleskyQR: expected a tall matrix, got ${a.rows} x ${a.cols}`);
  return a.gpu.scope(() => {
    const { x, unit } = rescaled("choleskyQR", a);
    const q = orthonormalized(x);
    return { q, r: upper(matmul(q, x, { transposeA: true }).read(), a.cols, unit) };
  });
}

/** Orthonormal basis of a space that contains the columns of `x`, which must be scaled; larger than theirs if their rank is deficient. */
export function orthonormalized(x: GpuTensor): GpuTensor {
  const { gpu, cols: n } = x;
  return gpu.scope(() => {
    let q = x;
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const product = matrix(n, n, Float64Array.from(gram(q, { transpose: true }).read()));
      const deviation = distanceFromIdentity(product);
      const factor = factorOf(product);
      if (factor === undefined) break;
      q = matmul(q, gpu.tensor(solveTriangular(factor, identity(n), { lower: true })), { transposeB: true });
      if (deviation < 0.5) return q;
    }
    return gpu.tensor(qr(x.toMatrix()).q);
  });
}

/** Cholesky factor L of G = L Lᵀ, or of G shifted if rounding made G indefinite; undefined if that fails too. */
function factorOf(product: Matrix<Float64Array>): Matrix<Float64Array> | undefined {
  const n = product.shape[0];
  const trace = product.data.reduce((sum, value, at) => (at % (n + 1) === 0 ? sum + value : sum), 0);
  if (!(trace > 0)) return undefined;
  for (const shift of [0, 4 * EPS * Math.sqrt(n) * trace]) {
    for (let i = 0; i < n; i++) product.set(i, i, product.get(i, i) + shift);
    const factor = choleskyOf(product);
    // A pivot at the level of rounding: its direction is noise.
    if (factor !== undefined && smallestPivot(factor) ** 2 > EPS * trace) return factor;
  }
  return undefined;
}

function choleskyOf(a: Matrix<Float64Array>): Matrix<Float64Array> | undefined {
  try {
    return cholesky(a);
  } catch (error) {
    if (error instanceof SingularError) return undefined;
    throw error;
  }
}

function smallestPivot(l: Matrix<Float64Array>): number {
  let least = Infinity;
  for (let i = 0; i < l.shape[0]; i++) least = Math.min(least, l.get(i, i));
  return least;
}

function distanceFromIdentity(a: Matrix<Float64Array>): number {
  const n = a.shape[0];
  return a.data.reduce((most, value, at) => Math.max(most, Math.abs(value - (at % (n + 1) === 0 ? 1 : 0))), 0);
}

function upper(values: Float32Array, n: number, unit: number): Matrix<Float64Array> {
  const r = zeros(n, n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) r.set(i, j, unit * values[i * n + j]!);
  return r;
}
