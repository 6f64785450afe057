import { describe, type OptionKinds, optionFault } from "@sumo/linalg";
import { GpuArgumentError, GpuOptionError } from "./errors.ts";
import type { GpuTensor } from "./tensor/tensor.ts";

/**
 * Refuses operands that are no tensors, belong to another GPU than the first, or were disposed of. Every operation calls it before it allocates.
 *
 * @throws {GpuArgumentError} @throws {GpuShapeError} @throws {DisposedTensorError}
 */
export function checkTensors(operation: string, tensors: readonly GpuTensor[]): void {
  // Not `instanceof`: the tensor's own GPU decides, whichever copy of the package made it.
  const gpu = tensors[0]?.gpu;
  if (typeof gpu?.check !== "function") throw notTensor(operation, tensors[0]);
  gpu.check(operation, tensors);
}

/** The error for an operand that is no tensor. */
export const notTensor = (operation: string, value: unknown): GpuArgumentError =>
  new GpuArgumentError(`${operation}: expected a tensor, got ${describe(value)}`);

/** @throws {GpuArgumentError} */
export function checkNumber(operation: string, name: string, value: number): void {
  if (typeof value === "number") return;
  throw new GpuArgumentError(`${operation}: expected ${name} to be a number, got ${describe(value)}`);
}

/** Refuses options that are no object, unknown names, and values of another kind. @throws {GpuOptionError} */
export function checkOptions<Options extends object>(
  operation: string,
  options: Options,
  kinds: OptionKinds<Options>,
): void {
  const fault = optionFault(options, kinds);
  if (fault !== undefined) throw new GpuOptionError(`${operation}: ${fault}`);
}
