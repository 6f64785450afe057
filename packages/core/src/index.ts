export { type Adapter, type AdapterSize, type AdapterTensor, extractAdapter, mergeAdapter } from "./adapter/adapter.ts";
export { type PeftFiles, type PeftOptions, peftFiles } from "./adapter/peft.ts";
export type { AdamwOptions } from "./algorithms/adamw.ts";
export type { GaloreOptions } from "./algorithms/galore.ts";
export type { OptimizerName, OptimizerOptions } from "./algorithms/index.ts";
export type { MuonOptions } from "./algorithms/muon.ts";
export type { SgdOptions } from "./algorithms/sgd.ts";
export type { SoapOptions } from "./algorithms/soap.ts";
export type { RefreshTrace } from "./algorithms/stepper.ts";
export type { AdaptiveRank, Orthogonalize, RefreshOptions, Residual, SumoOptions } from "./algorithms/sumo/options.ts";
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
} from "./backend/backend.ts";
export { type LinalgSource, linalgBackend, linalgSizes } from "./backend/linalg-backend.ts";
export type { LinalgMatrix } from "./backend/linalg-scratch.ts";
export { OwningScratch } from "./backend/owning-scratch.ts";
export { deviceSizes, type HostAccess, readBack } from "./backend/read-back.ts";
export {
  readSafetensors,
  type Tensor,
  type TensorData,
  type TensorFile,
  writeSafetensors,
} from "./checkpoint/safetensors.ts";
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
export type { Counters } from "./optimizer/counters.ts";
export type { AlarmEvent, OptimizerEvents, RefreshEvent, StepEvent } from "./optimizer/events.ts";
export type { Group, GroupOptions } from "./optimizer/groups.ts";
export {
  type CreateOptions,
  createOptimizer,
  type Optimizer,
  type ParameterReport,
  type Report,
} from "./optimizer/optimizer.ts";
export type { Layout, Parameter, ParameterShape } from "./optimizer/parameter.ts";
export { type ParameterPlan, type Plan, type PlanOptions, plan } from "./optimizer/plan.ts";
export { type Clipped, clipGlobalNorm } from "./wrappers/clip.ts";
export { createEma, type Ema } from "./wrappers/ema.ts";
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
} from "./wrappers/schedule.ts";
