import { createOptimizer, linalgBackend, NonFiniteGradientError, type Optimizer, writeSafetensors } from "@sumo/core";
import { createWasmEngine, type Engine } from "@sumo/linalg";
import {
  type CrewWorker,
  createLlama,
  type Llama,
  type LlamaConfig,
  type Parameter,
  type Pass,
  type PassOptions,
} from "@sumo/llama";
import { type Batch, type BatchShape, copyWindow, drawBatch, emptyBatch, evenStarts } from "./batches.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Corpus } from "./corpus.ts";
import { DivergedError, RunError } from "./errors.ts";
import { optimizerGroups } from "./optimizer-groups.ts";
import type { TrainOptions } from "./options.ts";
import { loadWeights } from "./weights.ts";

type NamedKind = Pick<Parameter, "name" | "kind">;

/** A model, its optimizer and its text, after some number of updates. Knows neither files nor the terminal. */
export class Session {
  readonly model: Llama;
  readonly optimizer: Optimizer;
  /** Updates made so far. */
  step = 0;
  private readonly options: TrainOptions;
  private readonly corpus: Corpus;
  private readonly shape: BatchShape;
  private readonly batch: Batch;
  private pass: Pass;

  /** @param engine - with a shared heap if {@link employ} is to be called. */
  constructor(config: LlamaConfig, options: TrainOptions, corpus: Corpus, engine: Engine = createWasmEngine()) {
    this.options = options;
    this.corpus = corpus;
    this.shape = { batch: options.batch, length: options.context };
    this.batch = emptyBatch(this.shape);
    this.model = createLlama(config, { engine, seed: options.seed });
    this.pass = this.model.createPass(this.shape.batch, this.shape.length, passOptions(options));
    this.optimizer = createOptimizer(this.model.parameters, optimizerGroups(options, hiddenNames(this.model)), {
      backend: linalgBackend(engine),
      microBatches: options.accumulate,
    });
  }

  /** Shares the passes out to the calling thread and `workers`, until the session is disposed. The bits stay the same. */
  async employ(workers: readonly CrewWorker[]): Promise<void> {
    const { batch, length } = this.shape;
    this.pass.dispose();
    this.pass = await this.model.createThreadedPass(batch, length, { workers, ...passOptions(this.options) });
  }

  /** Bytes that a held-out token stands for on average: nats per token over this are nats per byte. */
  get bytesPerToken(): number {
    return this.corpus.bytesPerToken;
  }

  /** Tokens that one update learns from. */
  get tokensPerStep(): number {
    return this.options.accumulate * this.tokensPerBatch;
  }

  private get tokensPerBatch(): number {
    return this.shape.batch * this.shape.length;
  }

  /**
   * One update from the next batches, layer by layer while back-propagating. Returns their mean loss before it, in nats per token.
   *
   * @throws {DivergedError} if the loss or a gradient is not finite.
   */
  train(): number {
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
      const loss = this.pass.backward(tokens, targets, (name, gradient) =>
        this.optimizer.stepParameter(name, gradient),
      );
      if (!Number.isFinite(loss)) throw new DivergedError(this.step + 1, `the loss is ${loss}`);
      return loss;
    } catch (error) {
      if (!(error instanceof NonFiniteGradientError)) throw error;
      throw new DivergedError(this.step + 1, `a gradient of ${error.parameter} is not finite`, { cause: error });
    }
  }

  /** Mean loss in nats per token over at least `tokens` held-out tokens (the whole part where it is shorter), spread evenly over it. */
  evaluate(tokens: number): { readonly loss: number; readonly tokens: number } {
    const { validation } = this.corpus;
    const { batch, length } = this.shape;
    const rounds = Math.ceil(Math.min(tokens, validation.length - 1) / this.tokensPerBatch);
    const starts = evenStarts(rounds * batch, validation.length, length);
    let sum = 0;
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < batch; i++) copyWindow(this.batch, i, validation, starts[round * batch + i]!, length);
      sum += this.pass.loss(this.batch.tokens, this.batch.targets);
    }
    return { loss: sum / rounds, tokens: rounds * this.tokensPerBatch };
  }

  /** Gives all memory back. The session must not be used again. */
  dispose(): void {
    this.optimizer.dispose();
    this.pass.dispose();
    this.model.dispose();
  }

  /** Everything that the next steps depend on. */
  save(): Checkpoint {
    const tensors = Object.fromEntries(this.model.parameters.map(({ name, shape, data }) => [name, { shape, data }]));
    return { step: this.step, model: writeSafetensors(tensors, { format: "pt" }), optimizer: this.optimizer.save() };
  }

  /** Takes up where {@link save} left off. @throws {RunError} if the checkpoint is not this model's and optimizer's. */
  load({ step, model, optimizer }: Checkpoint): void {
    try {
      this.optimizer.load(optimizer);
      loadWeights(this.model, model);
    } catch (cause) {
      throw new RunError(`damaged checkpoint: ${(cause as Error).message}`, { cause });
    }
    this.step = step;
  }
}

/** Names of the matrices that the chosen optimizer has. */
export function hiddenNames({ parameters }: { readonly parameters: readonly NamedKind[] }): ReadonlySet<string> {
  return new Set(parameters.filter(({ kind }) => kind === "hidden").map(({ name }) => name));
}

function passOptions({ recompute }: TrainOptions): PassOptions {
  return { recompute: recompute === true };
}
