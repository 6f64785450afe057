import {
  type Collective,
  createOptimizer,
  linalgBackend,
  NonFiniteGradientError,
  type Optimizer,
  type PendingStep,
  safetensorsPieces,
  type Tensor,
} from "@sumo/core";
import { createWasmEngine, type Engine } from "@sumo/linalg";
import {
  type CrewWorker,
  createLlama,
  type Llama,
  type LlamaConfig,
  type Parameter,
  type Pass,
  type PassOptions,
  type WeightData,
  type WeightFile,
} from "@sumo/llama";
import { DivergedError, RunError, TrainingError, UsageError } from "../errors.ts";
import { Lora, type Method } from "../lora/lora.ts";
import {
  hiddenNames,
  optimizedShapes,
  optimizerGroups,
  trainedParameters,
  weightType,
} from "../options/optimizer-groups.ts";
import type { TrainOptions } from "../options/train-options.ts";
import type { Checkpoint, CheckpointPieces } from "../run-files/checkpoint.ts";
import { isSystemError } from "../system-errors.ts";
import { type Batch, type BatchShape, countTargets, emptyBatch } from "../text/batches.ts";
import type { Sequences } from "../text/sequences.ts";
import { exactMatch } from "./exact-match.ts";
import { optionAccuracy } from "./option-accuracy.ts";
import { RoundedWeights } from "./rounded-weights.ts";
import { type ValidationLoss, validationLoss } from "./validation-loss.ts";

/** Passes of {@link Trainer.estimateSeconds}, the first of which runs code that is not yet optimized, and milliseconds for them. */
const TRIAL = { passes: 3, shortest: 100, longest: 1000 };

/** What a trainer begins with, and computes on. */
export interface TrainerOptions {
  /** With a shared heap if {@link Trainer.useWorkers} is to be called. Default: a new one. */
  readonly engine?: Engine | undefined;
  /** Initial weights, safetensors files. Default: random ones. */
  readonly weights?: readonly WeightFile[] | undefined;
  /** Checkpoint to go on from, with the same bits, instead of initial weights. */
  readonly checkpoint?: Checkpoint | undefined;
  /** The ranks of a data-parallel run: they share the micro-batches of every step, and make the same calls. Default: this process alone. */
  readonly collective?: Collective | undefined;
  /** Whether the ranks divide the optimizer's state; not for LoRA. Default false. */
  readonly shardState?: boolean | undefined;
}

/** A model, its optimizer and its corpus: makes training steps, measures validation loss, saves checkpoints and goes on from them. Reads and writes no files. */
export class Trainer {
  readonly model: Llama<WeightData>;
  /** The optimizer of the weights, or of their factors. */
  readonly optimizer: Optimizer;
  /** Updates made so far. */
  step = 0;
  private readonly options: TrainOptions;
  private readonly sequences: Sequences;
  private readonly shape: BatchShape;
  private readonly batch: Batch;
  private readonly trained: ReadonlySet<string>;
  /** Takes the gradients of the trained weights: the optimizer, LoRA around it, or the rounding of bfloat16 weights around it. */
  private readonly method: Method;
  private readonly collective: Collective | undefined;
  /** Micro-batches of each step that this rank computes. */
  private readonly share: Share;
  private pass: Pass;

  /**
   * @throws {UsageError} for more ranks than micro-batches, and for a state of LoRA's factors to divide. @throws {CheckpointError} for weights of another model.
   * @throws {RunError} for a checkpoint of another model or optimizer.
   */
  constructor(
    config: LlamaConfig,
    options: TrainOptions,
    sequences: Sequences,
    { engine = createWasmEngine(), weights, checkpoint, collective, shardState = false }: TrainerOptions = {},
  ) {
    if (shardState && options.method === "lora") {
      throw new UsageError(
        "--shard-state divides the state of whole weights; that of --method lora is small: leave it out",
      );
    }
    this.options = options;
    this.collective = collective;
    this.share = shareOf(options.accumulate, collective);
    this.sequences = sequences;
    this.shape = { batch: options.batch, length: options.context };
    this.batch = emptyBatch(this.shape);
    const dtype = weightType(options);
    const create = (files: readonly WeightFile[] | undefined): Llama<WeightData> =>
      createLlama(config, { engine, seed: options.seed, dtype, ...(files && { weights: files }) });
    this.model = checkpoint === undefined ? create(weights) : whole(() => create([checkpoint.model]));
    this.pass = this.model.createPass(this.shape.batch, this.shape.length, passOptions(options));
    const groups = optimizerGroups(options, hiddenNames(optimizedShapes(this.model.parameters, options)));
    const trained = trainedParameters(this.model.parameters, options);
    this.trained = new Set(trained.map(({ name }) => name));
    const ranks = collective && { collective, shardState };
    const accumulation = { microBatches: this.share.end - this.share.first, ...ranks };
    if (dtype === "bfloat16") {
      const rounding = { groups, seed: options.seed, step: () => this.step };
      const rounded = new RoundedWeights(trained, rounding, this.model, accumulation);
      this.method = rounded;
      this.optimizer = rounded.optimizer;
    } else if (options.method === "lora") {
      const lora = new Lora(trained as readonly Parameter[], { ...options, groups }, engine, accumulation);
      this.method = lora;
      this.optimizer = lora.optimizer;
    } else {
      this.optimizer = createOptimizer(trained, groups, { backend: linalgBackend(engine), ...accumulation });
      this.method = this.optimizer;
    }
    if (checkpoint === undefined) return;
    whole(() => this.method.load(checkpoint.optimizer));
    this.step = checkpoint.step;
  }

  /** Shares forward and backward passes between the calling thread and `workers`, until `dispose`. The bits stay the same. */
  async useWorkers(workers: readonly CrewWorker[]): Promise<void> {
    const { batch, length } = this.shape;
    this.pass.dispose();
    this.pass = await this.model.createThreadedPass(batch, length, { workers, ...passOptions(this.options) });
  }

  /** Mean bytes of a validation token: nats per token over this are nats per byte. */
  get bytesPerToken(): number {
    return this.sequences.bytesPerToken;
  }

  /** Tokens in the batches of one step. */
  get tokensPerStep(): number {
    return this.options.accumulate * this.shape.batch * this.shape.length;
  }

  /**
   * Makes one training step: forward and backward passes over its micro-batches, and the update, layer by layer during the last backward pass.
   * Of several ranks each makes the passes of its micro-batches, and all make the same update.
   *
   * Micro-batches count by their targets: together they have the gradient of one batch of all their sequences.
   *
   * @returns the mean loss of the batches before the update, in nats per token.
   * @throws {DivergedError} if the loss or a gradient is not finite.
   */
  trainStep(): number {
    const weights = this.weightsOfMicroBatches();
    const sum = new Float64Array(1);
    for (let i = this.share.first; i < this.share.end; i++) {
      this.draw(i);
      sum[0]! += weights[i]! * this.backward(weights[i]!);
    }
    this.collective?.allReduce(sum, "sum");
    const loss = sum[0]! / this.options.accumulate;
    if (!Number.isFinite(loss)) throw new DivergedError(this.step + 1, `the loss is ${loss}`);
    this.step++;
    return loss;
  }

  /** Whether `flag` is true on a rank. All ranks make the call. */
  onAnyRank(flag: boolean): boolean {
    if (this.collective === undefined) return flag;
    const any = Uint8Array.of(flag ? 1 : 0);
    this.collective.allReduce(any, "max");
    return any[0] === 1;
  }

  private draw(microBatch: number): void {
    const { accumulate, seed } = this.options;
    this.sequences.draw(this.batch, this.shape, { seed, step: this.step, microBatch, accumulate });
  }

  /** Each micro-batch's number of targets, over their mean. */
  private weightsOfMicroBatches(): readonly number[] {
    const { accumulate } = this.options;
    if (this.sequences.everyTarget || accumulate === 1) return new Array<number>(accumulate).fill(1);
    const counts = Array.from({ length: accumulate }, (_, i) => {
      this.draw(i);
      return countTargets(this.batch);
    });
    const mean = counts.reduce((sum, count) => sum + count, 0) / accumulate;
    return counts.map((count) => count / mean);
  }

  /** @param weight - of this micro-batch in the step's mean. */
  private backward(weight: number): number {
    const { tokens, targets, positions } = this.batch;
    const started: PendingStep[] = []; // so that sums over the ranks travel while the pass goes on
    try {
      const step = (name: string, gradient: Float32Array): void => {
        if (!this.trained.has(name)) return;
        if (weight !== 1) for (let i = 0; i < gradient.length; i++) gradient[i]! *= weight;
        started.push(this.method.stepParameterStart(name, gradient));
      };
      const loss = this.pass.backward(tokens, targets, step, positions);
      for (const step of started) step.wait();
      return loss;
    } catch (error) {
      if (!(error instanceof NonFiniteGradientError)) throw error;
      const { parameter, rank } = error;
      const where = rank === undefined ? "" : ` on rank ${rank}`;
      throw new DivergedError(this.step + 1, `a gradient of ${parameter} is not finite${where}`, { cause: error });
    }
  }

  /**
   * Estimates the seconds that the rest of the run will take, from forward and backward passes over one batch without an update. Changes nothing.
   *
   * The quickest of three passes counts, of more where they take less than a tenth of a second, of fewer where they take more than one. A
   * validation batch counts as a third of a pass; the update, checkpoints and the slower first steps are left out.
   */
  estimateSeconds(): number {
    const { steps, evalEvery, evalTokens, finalTokens } = this.options;
    const passes = this.share.end - this.share.first;
    const left = steps - this.step;
    const validations = Math.ceil(left / evalEvery) + (this.step === 0 ? 1 : 0);
    const validated = validations * this.countHeldOut(evalTokens) + this.countHeldOut(finalTokens);
    return (left * passes + validated / 3 / (this.collective?.size ?? 1)) * this.secondsOfPass();
  }

  private countHeldOut(tokens: number): number {
    let batches = 0;
    for (const _ of this.sequences.heldOut(this.batch, this.shape, tokens)) batches++;
    return batches;
  }

  private secondsOfPass(): number {
    this.draw(0);
    const { tokens, targets, positions } = this.batch;
    const start = performance.now();
    let least = Infinity;
    let now = start;
    for (let passes = 1; ; passes++) {
      const before = now;
      this.pass.backward(tokens, targets, () => {}, positions);
      now = performance.now();
      least = Math.min(least, now - before);
      if (now - start > TRIAL.longest || (passes >= TRIAL.passes && now - start > TRIAL.shortest)) break;
    }
    return least / 1000;
  }

  /**
   * Validation loss of the model, as {@link validationLoss} measures it.
   *
   * @param tokens - to measure it on, at least.
   */
  evaluate(tokens: number): ValidationLoss {
    return validationLoss(this.pass, this.sequences, this.batch, this.shape, tokens, this.collective);
  }

  /** Share of held-out examples that the model answers exactly, as {@link exactMatch} measures it. @param count - examples to try, at most. */
  exactMatch(count: number): number {
    return exactMatch(this.model, this.sequences.answers, { count, context: this.shape.length });
  }

  /**
   * Share of held-out questions with options of which the model finds the right one the likeliest, as {@link optionAccuracy} measures it.
   *
   * @param count - questions to try, at most.
   * @returns `undefined` if there are none.
   */
  optionAccuracy(count: number): number | undefined {
    const { choices } = this.sequences;
    return choices.length === 0
      ? undefined
      : optionAccuracy(this.model, choices, { count, context: this.shape.length });
  }

  /** Frees all memory. The trainer must not be used again. */
  dispose(): void {
    this.method.dispose();
    this.pass.dispose();
    this.model.dispose();
  }

  /**
   * A checkpoint: a trainer that begins with it continues with the same bits. That of any rank is that of all; where the ranks divide the state, all
   * make the call, and that of rank 0 is whole.
   */
  save(): CheckpointPieces {
    const tensors = this.model.parameters.map(({ name, shape, data }): [string, Tensor] => {
      return [name, data instanceof Uint16Array ? { shape, data, dtype: "BF16" } : { shape, data }];
    });
    return {
      step: this.step,
      model: safetensorsPieces(Object.fromEntries(tensors), { format: "pt" }),
      optimizer: this.method.savePieces(),
    };
  }
}

/** A range of micro-batches. */
interface Share {
  readonly first: number;
  /** After the last. */
  readonly end: number;
}

/** The micro-batches of this rank: about as many as those of any other. @throws {UsageError} for a rank without any. */
function shareOf(accumulate: number, { rank, size }: Pick<Collective, "rank" | "size"> = { rank: 0, size: 1 }): Share {
  if (size > accumulate) {
    throw new UsageError(
      `${size} processes cannot share steps of ${accumulate} ${accumulate === 1 ? "pass" : "passes"} (--accumulate): start at most ${accumulate}`,
    );
  }
  return { first: Math.ceil((rank * accumulate) / size), end: Math.ceil(((rank + 1) * accumulate) / size) };
}

/** The result of `load`, which reads a checkpoint's file. @throws {RunError} if it belongs to another model or optimizer. */
function whole<T>(load: () => T): T {
  try {
    return load();
  } catch (cause) {
    if (cause instanceof TrainingError || isSystemError(cause)) throw cause;
    throw new RunError(`damaged checkpoint: ${(cause as Error).message}`, { cause });
  }
}

function passOptions({ recompute }: TrainOptions): PassOptions {
  return { recompute: recompute === true };
}
