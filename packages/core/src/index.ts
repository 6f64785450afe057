export type { AdamwOptions } from "./adamw.ts";
export { type Adapter, type AdapterSize, type AdapterTensor, extractAdapter, mergeAdapter } from "./adapter.ts";
export type {
  AdamwUpdate,
  Backend,
  BackendSizes,
  Lines,
  NewtonSchulzCoefficients,
  NewtonSchulzOptions,
  PolarInfo,
  PolarOptions,
  ProductOptions,
  RangeFinderOptions,
  RangeFinderSettings,
  RangeInfo,
  Scratch,
} from "./backend.ts";
export { type Clipped, clipGlobalNorm } from "./clip.ts";
export type { Counters } from "./counters.ts";
export { createEma, type Ema } from "./ema.ts";
export {
  CheckpointError,
  DisposedError,
  GradientShapeError,
  NonFiniteGradientError,
  OptimizerError,
  OptimizerOptionError,
  ParameterError,
  SafetensorsError,
  StepFailedError,
} from "./errors.ts";
export type { AlarmEvent, OptimizerEvents, RefreshEvent, StepEvent } from "./events.ts";
export type { GaloreOptions } from "./galore.ts";
export type { Group, GroupOptions } from "./groups.ts";
export { type LinalgSource, linalgBackend, linalgSizes } from "./linalg-backend.ts";
export type { LinalgMatrix } from "./linalg-scratch.ts";
export type { MuonOptions } from "./muon.ts";
export {
  type CreateOptions,
  createOptimizer,
  type Optimizer,
  type ParameterReport,
  type Report,
} from "./optimizer.ts";
export { OwningScratch } from "./owning-scratch.ts";
export type { Layout, Parameter, ParameterShape } from "./parameter.ts";
export { type PeftFiles, type PeftOptions, peftFiles } from "./peft.ts";
export { type ParameterPlan, type Plan, type PlanOptions, plan } from "./plan.ts";
export { deviceSizes, type HostAccess, readBack } from "./read-back.ts";
export type { RefreshTrace } from "./rule.ts";
export type { OptimizerName, OptimizerOptions } from "./rules.ts";
export { readSafetensors, type Tensor, type TensorData, type TensorFile, writeSafetensors } from "./safetensors.ts";
export {
  constant,
  cosine,
  type DecayOptions,
  linear,
  type Schedule,
  type ScheduleSpec,
  type StableOptions,
  schedule,
  wsd,
} from "./schedule.ts";
export type { SgdOptions } from "./sgd.ts";
export type { SoapOptions } from "./soap.ts";
export type { AdaptiveRank, Orthogonalize, RefreshOptions, Residual, SumoOptions } from "./sumo-options.ts";
