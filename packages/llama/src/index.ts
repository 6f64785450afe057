export { type LlamaConfig, llamaConfig } from "./config.ts";
export { ConfigError, InputError, LlamaError } from "./errors.ts";
export { createLlama, type Llama, type LlamaOptions } from "./model.ts";
export type { Parameter, ParameterKind } from "./parameters.ts";
export type { OnGradient, Pass, PassOptions } from "./pass.ts";
export { type LlamaPlan, planLlama } from "./plan.ts";
export type { Reader } from "./reader.ts";
