import { checkNumber, checkTensors } from "../arguments.ts";
import type { KernelSource } from "../device/device.ts";
import { GpuShapeError } from "../errors.ts";
import {
  axpbyKernel,
  multiplyKernel,
  reluBackwardKernel,
  reluKernel,
  scaleKernel,
  tanhBackwardKernel,
  tanhKernel,
} from "../kernels/elementwise-kernels.ts";
import type { GpuTensor } from "../tensor/tensor.ts";

/** alpha a + beta b. Owned, like every result here, by the innermost open scope, else by the caller. @throws {GpuShapeError} */
export function scaledAdd(alpha: number, a: GpuTensor, beta: number, b: GpuTensor): GpuTensor {
  return combine("scaledAdd", axpbyKernel, [a, b], [alpha, beta]);
}

/** a + b. */
export function add(a: GpuTensor, b: GpuTensor): GpuTensor {
  return combine("add", axpbyKernel, [a, b], [1, 1]);
}

/** a − b. */
export function subtract(a: GpuTensor, b: GpuTensor): GpuTensor {
  return combine("subtract", axpbyKernel, [a, b], [1, -1]);
}

/** a ∘ b, element by element. */
export function multiply(a: GpuTensor, b: GpuTensor): GpuTensor {
  return combine("multiply", multiplyKernel, [a, b], []);
}

/** alpha a. */
export function scale(alpha: number, a: GpuTensor): GpuTensor {
  return combine("scale", scaleKernel, [a], [alpha]);
}

/** tanh a. */
export function tanh(a: GpuTensor): GpuTensor {
  return combine("tanh", tanhKernel, [a], []);
}

/** Gradient with respect to the argument of y = tanh a, from the gradient with respect to y. */
export function tanhBackward(gradient: GpuTensor, y: GpuTensor): GpuTensor {
  return combine("tanhBackward", tanhBackwardKernel, [gradient, y], []);
}

/** max(a, 0). */
export function relu(a: GpuTensor): GpuTensor {
  return combine("relu", reluKernel, [a], []);
}

/** Gradient with respect to the argument of y = relu a, from the gradient with respect to y. */
export function reluBackward(gradient: GpuTensor, y: GpuTensor): GpuTensor {
  return combine("reluBackward", reluBackwardKernel, [gradient, y], []);
}

/** out ← alpha a + beta out. With beta = 0 `out` is not read. `a` may be `out`. @throws {GpuShapeError} */
export function axpbyInto(out: GpuTensor, alpha: number, a: GpuTensor, beta: number): GpuTensor {
  checkNumber("axpby", "alpha", alpha);
  checkNumber("axpby", "beta", beta);
  checkSame("axpby", [out, a]);
  const { gpu } = out;
  if (beta !== 0) {
    gpu.run(axpbyKernel, out, [a, out], [alpha, beta]);
    return out;
  }
  const { whole = Infinity, rows, columns } = gpu.norms(a);
  gpu.run(scaleKernel, out, [a], [alpha]);
  const factor = Math.abs(alpha);
  // Outside the range of float32 elements overflow or underflow, and the norm is unknown.
  if (!(factor * whole < MAX_FLOAT32 && factor * whole > MIN_FLOAT32)) return out;
  Object.assign(gpu.norms(out), {
    whole: factor * whole,
    ...(rows && { rows: rows.map((norm) => factor * norm) }),
    ...(columns && { columns: columns.map((norm) => factor * norm) }),
  });
  return out;
}

const MAX_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;
const MIN_FLOAT32 = 2 ** -100;

/** Checks tensors, and that all have the same shape. @throws as {@link checkTensors} */
export function checkSame(operation: string, tensors: readonly GpuTensor[]): void {
  checkTensors(operation, tensors);
  const [first] = tensors;
  const other = tensors.find(({ rows, cols }) => rows !== first!.rows || cols !== first!.cols);
  if (other === undefined) return;
  throw new GpuShapeError(
    `${operation}: expected tensors of one shape, got ${first!.rows} x ${first!.cols} and ${other.rows} x ${other.cols}`,
  );
}

function combine(
  operation: string,
  kernel: KernelSource,
  tensors: readonly GpuTensor[],
  numbers: readonly number[],
): GpuTensor {
  for (const number of numbers) checkNumber(operation, "the factor", number);
  checkSame(operation, tensors);
  const { gpu, rows, cols } = tensors[0]!;
  const out = gpu.empty(rows, cols);
  gpu.run(kernel, out, tensors, numbers);
  return out;
}
