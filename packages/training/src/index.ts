export { Chat, type ChatOptions } from "./conversations/chat.ts";
export { CHATML_MARKS, type ChatFormat, chatFormat, type ModelFiles } from "./conversations/chat-format.ts";
export { type ConversationFacts, type Conversations, createConversations } from "./conversations/conversations.ts";
export { type Example, type Message, parseExamples } from "./conversations/example.ts";
export { DataError, DivergedError, RunError, StorageError, TrainingError, UsageError } from "./errors.ts";
export { rankOf, scalingOf } from "./lora/factors.ts";
export { modelConfig } from "./options/model-config.ts";
export { auxRate, optimizerGroups, peakRate, trainsAll, weightType } from "./options/optimizer-groups.ts";
export { AUX_RATES, OPTIMIZER_NAMES, OPTIMIZERS, type OptimizerEntry } from "./options/optimizers.ts";
export { flagOf, OPTION_NAMES, OPTION_RULES, trainOptions, trainOptionsWith } from "./options/option-rules.ts";
export {
  ENGINES,
  EQUILIBRATIONS,
  LOSSES,
  METHODS,
  RESIDUALS,
  type SampleOptions,
  SCHEDULES,
  STATE_BITS,
  TARGETS,
  TRAINED,
  type TrainOptions,
  WEIGHTS,
} from "./options/train-options.ts";
export {
  type Checkpoint,
  type CheckpointBytes,
  type CheckpointPieces,
  checkpointBytes,
  checkpointFiles,
} from "./run-files/checkpoint.ts";
export { type FinalLoss, formatLine, type LogLine, parseLog } from "./run-files/log-line.ts";
export { fixedConfig, formatManifest, type LogExtent, type Manifest, parseManifest } from "./run-files/manifest.ts";
export {
  type DataSource,
  formatConfig,
  type Origin,
  originOf,
  parseConfig,
  type RunConfig,
} from "./run-files/run-config.ts";
export { readWeights } from "./run-files/weights.ts";
export { isSystemError, type SystemError, storageError } from "./system-errors.ts";
export { emptyBatch, evenStarts, type Tokens } from "./text/batches.ts";
export { type Corpus, corpusOf, createCorpus, tokensOf } from "./text/corpus.ts";
export type { Sequences } from "./text/sequences.ts";
export { encodePieces, textPieces, trainingBytes } from "./text/text-pieces.ts";
export { trainBpe } from "./tokenizer/bpe.ts";
export { tokenArray } from "./tokenizer/token-array.ts";
export { MOST_TOKENS } from "./tokenizer/token-chain.ts";
export { BYTES, createTokenizer, type Tokenizer } from "./tokenizer/tokenizer.ts";
export { formatTokenizer, parseTokenizer } from "./tokenizer/tokenizer-file.ts";
export { formatBytes } from "./training/format-bytes.ts";
export {
  checkAddressable,
  checkModel,
  planRun,
  planSample,
  RESERVE_BYTES,
  type RunPlan,
  type RunPlanOptions,
} from "./training/plan-run.ts";
export { sampleText } from "./training/sample-text.ts";
export { Trainer, type TrainerOptions } from "./training/trainer.ts";
export {
  finalLine,
  initialLine,
  loggedStep,
  runTrainingLoop,
  type TrainingCallbacks,
  type TrainingLoopOptions,
} from "./training/training-loop.ts";
export { type ValidationLoss, validationLoss } from "./training/validation-loss.ts";
