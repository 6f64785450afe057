import { describe, type Engine, type OptionKinds, optionFault } from "@sumo/linalg";
import { ConfigError, InputError } from "./errors.ts";

/** Refuses options that are no object, unknown names, and values of another kind. @throws {ConfigError} */
export function checkOptions<Options extends object>(
  operation: string,
  options: Options,
  kinds: OptionKinds<Options>,
): void {
  const fault = optionFault(options, kinds);
  if (fault !== undefined) throw new ConfigError(operation, fault);
}

/** @throws {ConfigError} unless `engine` has a heap and kernels. */
export function checkEngine(operation: string, engine: Engine): void {
  const { heap, gemm } = (engine ?? {}) as Partial<Engine>;
  if (typeof heap === "object" && typeof gemm === "function") return;
  throw new ConfigError(operation, `expected an engine such as createWasmEngine() returns, got ${describe(engine)}`);
}

/** @throws {InputError} unless `model` has a config and parameters. */
export function checkModel(
  operation: string,
  model: { readonly config: object; readonly parameters: readonly unknown[] },
): void {
  if (typeof model?.config === "object" && model.config !== null && Array.isArray(model.parameters)) return;
  throw new InputError(operation, `expected a model of createLlama, got ${describe(model)}`);
}

/** @throws {InputError} unless both arrays lie in the engine's heap and are equally long. */
export function checkBfloat16(operation: string, { heap }: Engine, weights: Uint16Array, numbers: Float32Array): void {
  const isOwn = (array: ArrayBufferView): boolean => ArrayBuffer.isView(array) && heap.owns(array);
  const right = weights instanceof Uint16Array && numbers instanceof Float32Array && isOwn(weights) && isOwn(numbers);
  if (right && weights.length === numbers.length) return;
  const got = [weights, numbers].map((array) => `${describe(array)} of ${(array as Uint16Array | undefined)?.length}`);
  throw new InputError(
    operation,
    `expected a Uint16Array and a Float32Array of one length in the engine's heap, got ${got.join(" and ")}`,
  );
}

/** @throws {InputError} unless `key` is a pair of whole numbers of 32 bits. */
export function checkKey(operation: string, key: readonly [number, number]): void {
  const isWord = (x: unknown): boolean => Number.isInteger(x) && (x as number) >= 0 && (x as number) < 2 ** 32;
  if (Array.isArray(key) && key.length === 2 && key.every(isWord)) return;
  throw new InputError(operation, `expected a key of two whole numbers below 2^32, got ${describe(key)}`);
}

/** @throws {InputError} */
export function checkFunction(operation: string, name: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new InputError(operation, `expected ${name} to be a function, got ${describe(value)}`);
}
