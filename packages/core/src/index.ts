export {
  type Adapter,
  type AdapterSize,
  type AdapterTensor,
  extractAdapter,
  type LowRankChange,
  mergeAdapter,
} from "./adapter/adapter.ts";
export { type PeftAdapter, type PeftFiles, type PeftOptions, peftAdapter, peftFiles } from "./adapter/peft.ts";
export type { AdamwOptions } from "./algorithms/adamw.ts";
export type { Algorithm, BaseOptions } from "./algorithms/algorithm.ts";
export { algorithms, type OptimizerName, type OptimizerOptions } from "./algorithms/algorithms.ts";
export type { GaloreOptions } from "./algorithms/galore.ts";
export type { MuonOptions } from "./algorithms/muon.ts";
export { checkOptionNames } from "./algorithms/option-names.ts";
export type { SgdOptions } from "./algorithms/sgd.ts";
export type { SoapOptions } from "./algorithms/soap.ts";
export type { RefreshTrace } from "./algorithms/stepper.ts";
export { GRADIENT_NORM_DECAY } from "./algorithms/steps/agreement.ts";
export type { Equilibrate } from "./algorithms/steps/equilibrate.ts";
export { type AdaptiveRank, type Geometry, geometryOf, type Side } from "./algorithms/steps/geometry.ts";
export type { Orthogonalize } from "./algorithms/steps/orthogonalize.ts";
export type { StateBits } from "./algorithms/steps/packed.ts";
export { type Layout, type Scale, updateScale } from "./algorithms/steps/scale.ts";
export type { RefreshOptions, SketchOptions, SumoOptions } from "./algorithms/sumo/options.ts";
export type { Residual } from "./algorithms/sumo/residual/options.ts";
export type {
  AdamwUpdate,
  Backend,
  BackendSizes,
  Lines,
  NewtonSchulzCoefficients,
  NewtonSchulzOptions,
  PackedBits,
  PolarInfo,
  PolarOptions,
  ProductOptions,
  RangeFinderOptions,
  RangeFinderSettings,
  RangeInfo,
  Scratch,
} from "./backend/backend.ts";
export { linalgBackend, linalgSizes } from "./backend/linalg-backend.ts";
export type { LinalgMatrix } from "./backend/linalg-scratch.ts";
export type { LinalgSource, NumberList } from "./backend/linalg-source.ts";
export { OwningScratch } from "./backend/owning-scratch.ts";
export { deviceSizes, type HostAccess, readBack } from "./backend/read-back.ts";
export type { RandomAccessFile } from "./checkpoint/random-access-file.ts";
export { readSafetensors, safetensorsPieces, type TensorFile, writeSafetensors } from "./checkpoint/safetensors.ts";
export type { Tensor, TensorData } from "./checkpoint/tensor.ts";
export type { Collective, CollectiveArray, PendingReduction, Reduction } from "./collective/collective.ts";
export {
  CheckpointError,
  DisposedError,
  describe,
  GradientShapeError,
  GradientTypeError,
  NonFiniteGradientError,
  OptimizerError,
  OptimizerOptionError,
  ParameterError,
  RanksDifferError,
  SafetensorsError,
  StepFailedError,
} from "./errors.ts";
export type { Counters } from "./optimizer/counters.ts";
export type { CreateOptions } from "./optimizer/create-options.ts";
export type { AlarmEvent, OptimizerEvents, RefreshEvent, StepEvent } from "./optimizer/events.ts";
export { type Assignment, assignGroups, type Group, type GroupOptions } from "./optimizer/groups.ts";
export {
  createOptimizer,
  type Optimizer,
  type ParameterReport,
  type PendingStep,
  type Report,
} from "./optimizer/optimizer.ts";
export type { Parameter, ParameterShape } from "./optimizer/parameter.ts";
export { type ParameterPlan, type Plan, type PlanOptions, plan, planTable } from "./optimizer/plan.ts";
export { type HiddenChoice, type Role, rolesOf } from "./optimizer/roles.ts";
export { type Clipped, clipGlobalNorm } from "./wrappers/clip.ts";
export { createEma, type Ema } from "./wrappers/ema.ts";
export {
  constant,
  cosine,
  type DecayOptions,
  type LearningRate,
  linear,
  type Schedule,
  type ScheduleSpec,
  type StableOptions,
  schedule,
  wsd,
} from "./wrappers/schedule.ts";
