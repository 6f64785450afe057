import { NonFiniteError } from "@sumo/linalg";
import { scale } from "../operations/elementwise.ts";
import { norm } from "../operations/reduce.ts";
import type { GpuTensor } from "../tensor/tensor.ts";

/** Largest norm, and inverse of the smallest, for which the Gram matrix and its own square stay well inside the range of float32. */
const COMFORTABLE = 2 ** 20;

interface Scaled {
  /** `a / unit`: `a` itself, or a copy that is owned by the innermost open scope. */
  readonly x: GpuTensor;
  /** A power of two. */
  readonly unit: number;
}

/** Scales a matrix to a norm near one where squares of its elements would leave the range of float32. @throws {NonFiniteError} */
export function rescaled(operation: string, a: GpuTensor): Scaled {
  const size = norm(a);
  if (!Number.isFinite(size)) throw firstNonFinite(operation, a);
  if (size === 0 || (size < COMFORTABLE && size > 1 / COMFORTABLE)) return { x: a, unit: 1 };
  const unit = 2 ** Math.round(Math.log2(size));
  return { x: scale(1 / unit, a), unit };
}

function firstNonFinite(operation: string, a: GpuTensor): NonFiniteError {
  const values = a.read();
  const at = values.findIndex((value) => !Number.isFinite(value));
  return new NonFiniteError(operation, [Math.floor(at / a.cols), at % a.cols], values[at] ?? Number.NaN);
}
