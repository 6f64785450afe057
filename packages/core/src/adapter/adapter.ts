import { type MatrixLike, matmul, matrix, svd } from "@sumo/linalg";
import { describe, OptimizerOptionError, ParameterError } from "../errors.ts";

/** A change of a weight in factored form, b a. */
export interface LowRankChange {
  /** rank × in, row-major. */
  readonly a: Float32Array;
  /** out × rank, row-major. */
  readonly b: Float32Array;
  readonly rank: number;
  readonly shape: readonly [outputs: number, inputs: number];
}

/** Low-rank factorization of the change that training made: tuned ≈ base + b a. */
export interface Adapter extends LowRankChange {
  /** ‖b a‖² / ‖tuned − base‖²: 1 if the factorization is exact, or nothing changed. */
  readonly energyKept: number;
}

/** Size of an adapter: a rank, or the smallest rank that keeps a fraction of the change's energy. */
export type AdapterSize = { readonly rank: number } | { readonly energy: number };

/** A weight, flat and row-major; matrices are `[out, in]`. */
export interface AdapterTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Extracts the best low-rank adapter of a learned change, by a truncated singular value decomposition (Eckart and Young 1936).
 * Each factor gets the square roots of the singular values, so that neither is badly scaled.
 *
 * @param size - The rank is clamped to the shorter side, and is at least 1.
 * @throws {ParameterError} if the weights are not matrices of the same shape. @throws {OptimizerOptionError} for a size out of range.
 * @see Refael et al. 2025, arXiv 2505.24749, appendix B.
 */
export function extractAdapter(base: AdapterTensor, tuned: AdapterTensor, size: AdapterSize): Adapter {
  checkSize(size);
  checkTensor("base", base);
  checkTensor("tuned", tuned);
  const [out, inputs] = checkShapes(base, tuned);
  const change = Float64Array.from(tuned.data, (value, i) => value - base.data[i]!);
  const { u, s, vt } = svd(matrix(out, inputs, change));
  const energies = Array.from(s, (value) => value * value);
  const total = energies.reduce((sum, energy) => sum + energy, 0);
  const rank = "rank" in size ? Math.min(size.rank, energies.length) : rankFor(size.energy * total, energies);
  const kept = energies.slice(0, rank).reduce((sum, energy) => sum + energy, 0);
  const a = new Float32Array(rank * inputs);
  const b = new Float32Array(out * rank);
  for (let k = 0; k < rank; k++) {
    const root = Math.sqrt(s[k]!);
    for (let j = 0; j < inputs; j++) a[k * inputs + j] = root * vt.get(k, j);
    for (let i = 0; i < out; i++) b[i * rank + k] = root * u.get(i, k);
  }
  return { a, b, rank, shape: [out, inputs], energyKept: total === 0 ? 1 : kept / total };
}

/** Computes base + b a, the tuned weight approximated by the adapter. @throws {ParameterError} if the shapes differ. */
export function mergeAdapter(base: AdapterTensor, adapter: LowRankChange): Float32Array {
  checkTensor("base", base);
  checkAdapter("adapter", adapter);
  const { a, b, rank, shape } = adapter;
  const [out, inputs] = shape;
  if (base.shape.join() !== shape.join() || base.data.length !== out * inputs) {
    throw new ParameterError("base", `expected shape [${shape.join(", ")}], got [${base.shape.join(", ")}]`);
  }
  const change: MatrixLike = matmul(matrix(out, rank, b), matrix(rank, inputs, a));
  return Float32Array.from(base.data, (value, i) => value + change.data[i]!);
}

function rankFor(wanted: number, energies: readonly number[]): number {
  let held = 0;
  let rank = 0;
  while (rank < energies.length && held < wanted) held += energies[rank++]!;
  return Math.max(1, rank);
}

/** @throws {ParameterError} unless both factors have the shapes that the adapter says. */
export function checkAdapter(name: string, adapter: LowRankChange): void {
  const { a, b, rank, shape } = (adapter ?? {}) as Partial<LowRankChange>;
  const isWhole =
    a instanceof Float32Array &&
    b instanceof Float32Array &&
    Array.isArray(shape) &&
    shape.length === 2 &&
    a.length === rank! * shape[1] &&
    b.length === shape[0] * rank!;
  if (!isWhole) throw new ParameterError(name, `expected an adapter of \`extractAdapter\`, got ${describe(adapter)}`);
}

/** @throws {ParameterError} unless `tensor` has a shape and float32 numbers. */
export function checkTensor(name: string, tensor: AdapterTensor): void {
  const { shape, data } = (tensor ?? {}) as Partial<AdapterTensor>;
  if (Array.isArray(shape) && data instanceof Float32Array) return;
  throw new ParameterError(name, `expected { shape, data } with a Float32Array, got ${describe(tensor)}`);
}

function checkSize(size: AdapterSize): void {
  if (typeof size !== "object" || size === null) {
    throw new OptimizerOptionError("size", "{ rank } or { energy }", size);
  }
  if ("rank" in size) {
    if (!(Number.isSafeInteger(size.rank) && size.rank >= 1)) {
      throw new OptimizerOptionError("rank", "a whole number >= 1", size.rank);
    }
  } else if (!(typeof size.energy === "number" && size.energy > 0 && size.energy <= 1)) {
    throw new OptimizerOptionError("energy", "a fraction in (0, 1]", size.energy);
  }
}

function checkShapes(base: AdapterTensor, tuned: AdapterTensor): readonly [number, number] {
  const [out, inputs] = base.shape as [number, number];
  const fits = ({ shape, data }: AdapterTensor): boolean =>
    shape.length === 2 && shape[0] === out && shape[1] === inputs && data.length === out * inputs;
  if (!fits(base) || !fits(tuned)) {
    const got = `[${base.shape.join(", ")}] and [${tuned.shape.join(", ")}]`;
    throw new ParameterError("adapter", `expected two matrices of one shape, got ${got}`);
  }
  return [out, inputs];
}
