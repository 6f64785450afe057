import type { Engine } from "@sumo/linalg";
import { type Activations, allocateActivations, type PassShape, releaseActivations } from "./activations.ts";
import type { LlamaConfig } from "./config.ts";
import { alone } from "./crew.ts";
import { ConfigError } from "./errors.ts";
import { allocateGradients, type Gradients, releaseGradients } from "./gradients.ts";
import { checkTokens } from "./input.ts";
import type { Kernels } from "./kernels/kernels.ts";
import type { Parameter } from "./parameters.ts";
import { runBackward, runLoss } from "./program.ts";
import { passSpan, type Run } from "./run.ts";
import type { Weights } from "./weights.ts";

export interface PassOptions {
  /** Keep only each layer's input and compute the rest again on the way back: less memory, about a third more work. Default false. */
  readonly recompute?: boolean;
}

/** Receives one gradient. The buffer is valid during the call only; the parameter of that name may be changed at once. */
export type OnGradient = (name: string, gradient: Float32Array) => void;

/** Forward and backward over batches of one shape. Everything is allocated when it is made; its methods allocate nothing. */
export interface Pass {
  readonly batch: number;
  readonly length: number;
  /**
   * Mean cross-entropy, in nats, of `targets` after `tokens`; both [batch, length], row-major.
   *
   * @throws {InputError} for a wrong length or a token outside the vocabulary, before anything is written.
   */
  loss(tokens: Int32Array, targets: Int32Array): number;
  /**
   * The loss, and every gradient of it: the head's first, then the final norm's, then layer by layer from the last to the first, the
   * embedding's at the end. One set of buffers serves all layers, so that memory for gradients does not grow with depth, provided that
   * the call-back steps its optimizer at once.
   *
   * Accuracy: float32 products and sums. Cost: 6 flops a parameter and token, and 7 length · dim for attention.
   * @throws {InputError} as `loss`.
   */
  backward(tokens: Int32Array, targets: Int32Array, onGradient: OnGradient): number;
  /** Gives the memory back. The pass must not be used again. */
  dispose(): void;
}

/** Refuses a shape that the model cannot take. @throws {ConfigError} */
export function checkPassShape(operation: string, config: LlamaConfig, batch: number, length: number): void {
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new ConfigError(operation, `batch must be a whole number of at least 1, got ${batch}`);
  }
  if (!Number.isSafeInteger(length) || length < 1 || length > config.context) {
    throw new ConfigError(
      operation,
      `length must be a whole number from 1 to the context ${config.context}, got ${length}`,
    );
  }
}

/** A pass on the calling thread. */
export class SinglePass implements Pass {
  readonly batch: number;
  readonly length: number;
  private readonly run: Run;
  private readonly gradients: Gradients;

  constructor(
    config: LlamaConfig,
    engine: Engine,
    kernels: Kernels,
    weights: Weights,
    batch: number,
    length: number,
    { recompute = false }: PassOptions,
  ) {
    checkPassShape("createPass", config, batch, length);
    this.batch = batch;
    this.length = length;
    const shape: PassShape = { batch, length, threads: 1, recompute };
    const activations = allocateActivations(config, shape, engine.heap);
    const scratch = activations.scratch[0]!;
    const span = passSpan(config, shape, alone);
    this.run = { config, shape, engine, kernels, weights, activations, scratch, span, crew: alone };
    this.gradients = allocateGradients(config, engine.heap);
  }

  loss(tokens: Int32Array, targets: Int32Array): number {
    takeInput("loss", this.run, tokens, targets);
    runLoss(this.run);
    return meanLoss(this.run.activations);
  }

  backward(tokens: Int32Array, targets: Int32Array, onGradient: OnGradient): number {
    takeInput("backward", this.run, tokens, targets);
    runBackward(this.run, this.gradients, (group) => handOut(group, onGradient));
    return meanLoss(this.run.activations);
  }

  dispose(): void {
    const { heap } = this.run.engine;
    releaseActivations(this.run.activations, heap);
    releaseGradients(this.gradients, heap);
  }
}

/** Checks a batch and copies it in. @throws {InputError} */
export function takeInput(
  operation: string,
  { config, activations }: Run,
  tokens: Int32Array,
  targets: Int32Array,
): void {
  const { length } = activations.tokens;
  checkTokens(operation, "tokens", tokens, length, config.vocabSize);
  checkTokens(operation, "targets", targets, length, config.vocabSize);
  activations.tokens.set(tokens);
  activations.targets.set(targets);
}

/** Mean of the rows' losses, summed in order. */
export function meanLoss({ losses }: Activations): number {
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

export function handOut(group: readonly Parameter[], onGradient: OnGradient): void {
  for (const { name, data } of group) onGradient(name, data);
}
