import type { OptimizerName } from "@sumo/core";

export const ENGINES = ["wasm", "native"] as const;
type EngineName = (typeof ENGINES)[number];

export const RESIDUALS = ["off", "raw", "fira", "joint"] as const;
type ResidualName = (typeof RESIDUALS)[number];

export const EQUILIBRATIONS = ["off", "rows"] as const;
type Equilibration = (typeof EQUILIBRATIONS)[number];

export const STATE_BITS = [4, 8, 32] as const;
type StateBits = (typeof STATE_BITS)[number];

export const LOSSES = ["completion", "all"] as const;
type LossName = (typeof LOSSES)[number];

export const WEIGHTS = ["f32", "bf16"] as const;
type WeightsName = (typeof WEIGHTS)[number];

export const SCHEDULES = ["cosine", "linear", "wsd", "constant"] as const;
type ScheduleName = (typeof SCHEDULES)[number];

export const TRAINED = ["all", "hidden"] as const;
type TrainedName = (typeof TRAINED)[number];

export const METHODS = ["full", "lora"] as const;
type MethodName = (typeof METHODS)[number];

/** Modules whose weights are hidden matrices, by the last part of their names. */
export const TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
type TargetName = (typeof TARGETS)[number];

/** Options of a training run: data, model, optimizer, schedule and measurements. Stored in the run's `config.json`. */
export interface TrainOptions {
  /** Name of a built-in text, or a path. */
  readonly data: string;
  /** Tokens in the vocabulary; 256 are the bytes. */
  readonly vocab: number;
  /** What of an example is trained on. Default: replies and completions. */
  readonly loss?: LossName;
  /** Whether several examples share a context, without seeing each other. Default: each has one of its own, filled up. */
  readonly pack?: true;
  /** Model whose weights the run starts from. Random weights without it. */
  readonly init?: string;
  /** Folder of a LoRA adapter that is merged into these weights. */
  readonly adapter?: string;

  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values. Default: `heads`. */
  readonly kvHeads?: number;
  /** Width of the feed-forward layers. Default: 8/3 of `dim`, rounded up to 32. */
  readonly hidden?: number;
  /** Tokens in a sequence. */
  readonly context: number;
  /** Whether the head shares the embedding's weights. */
  readonly tied?: true;

  /** Type of the numbers in the model's matrices. Default: float32. */
  readonly weights?: WeightsName;
  /** Parameters that are trained: all, or the hidden matrices alone. Default: all; with LoRA the hidden matrices, and it takes no others. */
  readonly train?: TrainedName;
  /** What is trained of the hidden matrices: themselves, or factors of a change of low rank, LoRA. Default: themselves. */
  readonly method?: MethodName;
  /** LoRA's scaling, times the rank. Default: twice the rank. */
  readonly alpha?: number;
  /** Modules whose weights LoRA changes. Default: those of all hidden matrices. */
  readonly targets?: readonly TargetName[];
  /** Optimizer of the hidden matrices, or of their factors; all other parameters use AdamW. */
  readonly optimizer: OptimizerName;
  /** Dimension of the optimizer's subspace, or of LoRA's factors. */
  readonly rank?: number;
  /** Bits of each number of SUMO's, Muon's and AdamW's state, AdamW's of embeddings, norms and head among it, where 4 are 8. Default: 32. */
  readonly stateBits?: StateBits;
  /** Peak learning rate of the hidden matrices. Default: the optimizer's own, for a new model or for one to fine-tune. */
  readonly lr?: number;
  /** AdamW's peak learning rate for embeddings, norms and head. Default: its own, for a new model or for one to fine-tune. */
  readonly auxLr?: number;
  readonly momentum?: number;
  readonly residual?: ResidualName;
  /** Whether the rows of a moment get one length before it is orthogonalized. Default: off. */
  readonly equilibrate?: Equilibration;
  /** AdamW's decay of the second moment. */
  readonly beta2: number;
  /** Decoupled weight decay of the hidden matrices. */
  readonly weightDecay: number;
  readonly schedule: ScheduleName;
  /** Steps of linear warm-up. */
  readonly warmup: number;
  /** Last learning rate, as a fraction of the peak. */
  readonly finalLr: number;

  readonly steps: number;
  /** Sequences in a micro-batch. */
  readonly batch: number;
  /** Micro-batches in a step. */
  readonly accumulate: number;
  /** Whether activations are computed again in the backward pass instead of kept. */
  readonly recompute?: true;
  readonly engine?: EngineName;
  readonly seed: number;
  /** Steps between two validation losses, and the tokens of each. */
  readonly evalEvery: number;
  readonly evalTokens: number;
  /** Held-out examples whose answers are compared with the model's at every measurement, and at the end. Default: none. */
  readonly evalAnswers?: number;
  /** Tokens of the final validation loss. */
  readonly finalTokens: number;
  readonly checkpointEvery: number;
}

/** Options of sampling text from a trained model. */
export interface SampleOptions {
  readonly prompt: string;
  /** Tokens to sample. */
  readonly length: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
}
