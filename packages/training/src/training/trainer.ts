import { createOptimizer, linalgBackend, NonFiniteGradientError, type Optimizer, writeSafetensors } from "@sumo/core";
import { createWasmEngine, type Engine } from "@sumo/linalg";
import {
  bytesFile,
  type CrewWorker,
  createLlama,
  type Llama,
  type LlamaConfig,
  loadWeights,
  type Pass,
  type PassOptions,
} from "@sumo/llama";
import { DivergedError, RunError } from "../errors.ts";
import { hiddenNames, optimizerGroups, trainedParameters } from "../options/optimizer-groups.ts";
import type { TrainOptions } from "../options/train-options.ts";
import type { Checkpoint } from "../run-files/checkpoint.ts";
import { type Batch, type BatchShape, drawBatch, emptyBatch } from "../text/batches.ts";
import type { Corpus } from "../text/corpus.ts";
import { type ValidationLoss, validationLoss } from "./validation-loss.ts";

/** A model, its optimizer and its corpus: makes training steps, measures validation loss, saves and loads checkpoints. Reads and writes no files. */
export class Trainer {
  readonly model: Llama;
  readonly optimizer: Optimizer;
  /** Updates made so far. */
  step = 0;
  private readonly options: TrainOptions;
  private readonly corpus: Corpus;
  private readonly shape: BatchShape;
  private readonly batch: Batch;
  private readonly trained: ReadonlySet<string>;
  private pass: Pass;

  /** @param engine - with a shared heap if {@link useWorkers} is to be called. */
  constructor(config: LlamaConfig, options: TrainOptions, corpus: Corpus, engine: Engine = createWasmEngine()) {
    this.options = options;
    this.corpus = corpus;
    this.shape = { batch: options.batch, length: options.context };
    this.batch = emptyBatch(this.shape);
    this.model = createLlama(config, { engine, seed: options.seed });
    this.pass = this.model.createPass(this.shape.batch, this.shape.length, passOptions(options));
    const groups = optimizerGroups(options, hiddenNames(this.model.parameters));
    const trained = trainedParameters(this.model.parameters, options);
    this.trained = new Set(trained.map(({ name }) => name));
    this.optimizer = createOptimizer(trained, groups, {
      backend: linalgBackend(engine),
      microBatches: options.accumulate,
    });
  }

  /** Shares forward and backward passes between the calling thread and `workers`, until `dispose`. The bits stay the same. */
  async useWorkers(workers: readonly CrewWorker[]): Promise<void> {
    const { batch, length } = this.shape;
    this.pass.dispose();
    this.pass = await this.model.createThreadedPass(batch, length, { workers, ...passOptions(this.options) });
  }

  /** Mean bytes of a validation token: nats per token over this are nats per byte. */
  get bytesPerToken(): number {
    return this.corpus.bytesPerToken;
  }

  /** Tokens in the batches of one step. */
  get tokensPerStep(): number {
    return this.options.accumulate * this.shape.batch * this.shape.length;
  }

  /**
   * Makes one training step: forward and backward passes over its micro-batches, and the update, layer by layer during the last backward pass.
   *
   * @returns the mean loss of the batches before the update, in nats per token.
   * @throws {DivergedError} if the loss or a gradient is not finite.
   */
  trainStep(): number {
    const { accumulate, seed } = this.options;
    let sum = 0;
    for (let i = 0; i < accumulate; i++) {
      drawBatch(this.batch, this.corpus.train, this.shape, seed, this.step, i);
      sum += this.backward();
    }
    this.step++;
    return sum / accumulate;
  }

  private backward(): number {
    const { tokens, targets } = this.batch;
    try {
      const loss = this.pass.backward(tokens, targets, (name, gradient) => {
        if (this.trained.has(name)) this.optimizer.stepParameter(name, gradient);
      });
      if (!Number.isFinite(loss)) throw new DivergedError(this.step + 1, `the loss is ${loss}`);
      return loss;
    } catch (error) {
      if (!(error instanceof NonFiniteGradientError)) throw error;
      throw new DivergedError(this.step + 1, `a gradient of ${error.parameter} is not finite`, { cause: error });
    }
  }

  /**
   * Validation loss of the model, as {@link validationLoss} measures it.
   *
   * @param tokens - to measure it on, at least.
   */
  evaluate(tokens: number): ValidationLoss {
    return validationLoss(this.pass, this.corpus, this.batch, this.shape, tokens);
  }

  /** Frees all memory. The trainer must not be used again. */
  dispose(): void {
    this.optimizer.dispose();
    this.pass.dispose();
    this.model.dispose();
  }

  /** A checkpoint: a trainer that loads it continues with the same bits. */
  save(): Checkpoint {
    const tensors = Object.fromEntries(this.model.parameters.map(({ name, shape, data }) => [name, { shape, data }]));
    return { step: this.step, model: writeSafetensors(tensors, { format: "pt" }), optimizer: this.optimizer.save() };
  }

  /** Restores a checkpoint of {@link save}. @throws {RunError} if it belongs to another model or optimizer. */
  load({ step, model, optimizer }: Checkpoint): void {
    try {
      this.optimizer.load(optimizer);
      loadWeights(this.model, [bytesFile(model)]);
    } catch (cause) {
      throw new RunError(`damaged checkpoint: ${(cause as Error).message}`, { cause });
    }
    this.step = step;
  }
}

function passOptions({ recompute }: TrainOptions): PassOptions {
  return { recompute: recompute === true };
}
