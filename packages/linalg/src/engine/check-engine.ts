import { describe } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Engine } from "./engine.ts";

/** @throws {ArgumentError} unless `engine` has a heap and kernels. */
export function checkEngine(operation: string, engine: Engine): void {
  const { heap, gemm } = (engine ?? {}) as Partial<Engine>;
  if (typeof heap === "object" && typeof gemm === "function") return;
  throw new ArgumentError(operation, `expected an engine such as createWasmEngine() returns, got ${describe(engine)}`);
}
