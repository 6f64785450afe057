export { fromHuggingFaceConfig, type HuggingFaceConfig, toHuggingFaceConfig } from "./checkpoint/hugging-face.ts";
export { loadTensors, type Tensor } from "./checkpoint/load-tensors.ts";
export { loadWeights, shardNames, weightTypes } from "./checkpoint/load-weights.ts";
export { bytesFile, type Dtype, type WeightFile } from "./checkpoint/weight-file.ts";
export { type LlamaConfig, llamaConfig, type RopeScaling } from "./config.ts";
export { type Choice, chooseToken } from "./decode/choose-token.ts";
export type { Decoder } from "./decode/decoder.ts";
export {
  CheckpointError,
  ConfigError,
  CrewError,
  GpuFailureError,
  GpuLostError,
  GpuUnavailableError,
  InputError,
  LlamaError,
} from "./errors.ts";
export { createLlama, type Llama, type LlamaOptions } from "./model.ts";
export type { OnGradient, Pass, PassOptions } from "./pass/pass.ts";
export { type LlamaPlan, type PlanOptions, planDecoder, planLlama } from "./plan.ts";
export { joinCrew } from "./threads/join-crew.ts";
export type { CrewWorker, ThreadedPassOptions } from "./threads/threaded-pass.ts";
export { storeWeights, weightNumbers } from "./weights/bfloat16.ts";
export {
  type Parameter,
  type ParameterKind,
  type ParameterShape,
  parameterShapes,
  type WeightData,
} from "./weights/parameters.ts";
export { rotaryFrequencies } from "./weights/rotation.ts";
export type { WeightType } from "./weights/weights.ts";
