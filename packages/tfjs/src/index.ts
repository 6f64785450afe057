export { planTable } from "@sumo/core";
export type { Cell } from "./backend/cell.ts";
export { type PolarPlace, type TfjsBackend, tfjsBackend } from "./backend/tfjs-backend.ts";
export type { GroupingOptions, StepOptions } from "./config.ts";
export type { CoreOptimizer } from "./core-optimizer.ts";
export { BusyError, DeviceReadError } from "./errors.ts";
export type { VariableGradients } from "./gradients.ts";
export {
  type AdamWConfig,
  AdamWOptimizer,
  type GaLoreConfig,
  GaLoreOptimizer,
  type MuonConfig,
  MuonOptimizer,
  type SumoConfig,
  SumoOptimizer,
  type TfjsOrthogonalize,
} from "./optimizers.ts";
export type { Model } from "./roles.ts";
export type { NamedTensor } from "./state.ts";
