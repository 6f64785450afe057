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

/** @throws {InputError} */
export function checkFunction(operation: string, name: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new InputError(operation, `expected ${name} to be a function, got ${describe(value)}`);
}
