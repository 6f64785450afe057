import { describe } from "@sumo/linalg";
import { checkFunction } from "../arguments.ts";
import type { LlamaConfig } from "../config.ts";
import { ConfigError } from "../errors.ts";
import { checkPositions, checkTargets, checkTokens, countTargets } from "../tokens.ts";
import type { Activations } from "./activations.ts";
import type { PassContext } from "./context.ts";
import type { GradientGroup, Gradients } from "./gradients.ts";
import { runBackward, runLoss } from "./schedule.ts";

/** Options of a pass. */
export interface PassOptions {
  /** Recompute activations in the backward pass from each layer's input: less memory, about a third more work. Default false. */
  readonly recompute?: boolean;
}

/** Receives one gradient. The buffer is valid during the call only; the parameter of that name may be changed at once. */
export type OnGradient = (name: string, gradient: Float32Array) => void;

/** Forward and backward pass over batches of one shape. Creation allocates all memory; the methods allocate nothing in the heap. */
export interface Pass {
  readonly batch: number;
  readonly length: number;
  /**
   * Mean cross-entropy, in nats, of the model's predictions for `tokens` with `targets`; both [batch, length], row-major. A target of −1 is
   * none: its position counts neither in the mean nor in the gradients, e.g. a prompt, or what fills a short sequence up.
   *
   * @param positions - of each token in its document, [batch, length]: 0 begins a new one. Documents packed into a sequence do not see each other:
   * losses and gradients are those of each in a sequence of its own. Default: each sequence is one.
   * @throws {InputError} for a wrong length, a token outside the vocabulary, no target at all, or a position that is neither 0 nor the next, before
   * anything is written. @throws {CrewError} on several threads, if a worker has failed or ended: within seconds, and from then on at once.
   */
  loss(tokens: Int32Array, targets: Int32Array, positions?: Int32Array): number;
  /**
   * Computes the loss and every gradient, and calls `onGradient` with each as soon as it is complete: the head's first, then the final
   * norm's, then layer by layer from the last to the first, the embedding's at the end. All layers use the same buffers, so that memory
   * for gradients does not grow with depth. An error that the call-back throws is thrown again at the end; no gradient follows it.
   *
   * Accuracy: float32 products and sums. Cost: 6 flops a parameter and token, and 7 length · dim a layer and token for attention.
   * @throws {InputError} as `loss`.
   */
  backward(tokens: Int32Array, targets: Int32Array, onGradient: OnGradient, positions?: Int32Array): number;
  /**
   * Releases the memory, and the workers of a threaded pass. If a worker is lost, the memory stays allocated: the worker might still
   * write to it. The pass must not be used again.
   */
  dispose(): void;
}

/** Checks a pass's shape against the model's context. @throws {ConfigError} */
export function checkPassShape(operation: string, config: LlamaConfig, batch: number, length: number): void {
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new ConfigError(operation, `batch must be a whole number of at least 1, got ${describe(batch)}`);
  }
  if (!Number.isSafeInteger(length) || length < 1 || length > config.context) {
    throw new ConfigError(
      operation,
      `length must be a whole number from 1 to the context ${config.context}, got ${describe(length)}`,
    );
  }
}

/** A task of a crew: one of the two schedules. */
export type Task = "loss" | "backward";

/** Control of the crew's other members. */
interface Members {
  /** Starts a task on them. */
  begin(task: Task): void;
  /** Dismisses them, and releases the pass's memory. */
  end(): void;
}

/**
 * Creates a pass on the calling thread, which is the crew's member 0.
 *
 * @param context - of member 0.
 */
export function createPass(context: PassContext, gradients: Gradients, members: Members): Pass {
  const { batch, length } = context.shape;
  return {
    batch,
    length,
    loss(tokens, targets, positions) {
      takeInput("loss", context, tokens, targets, positions);
      members.begin("loss");
      runLoss(context);
      return meanLoss(context.activations);
    },
    backward(tokens, targets, onGradient, positions) {
      checkFunction("backward", "onGradient", onGradient);
      takeInput("backward", context, tokens, targets, positions);
      members.begin("backward");
      const failures: unknown[] = [];
      const handOut = (group: GradientGroup): void => {
        if (failures.length > 0) return;
        try {
          for (const { name, data } of gradients.group(group)) onGradient(name, data);
        } catch (failure) {
          failures.push(failure); // thrown later: the other members run to the end of the schedule, where they wait for this one
        }
      };
      runBackward(context, gradients, handOut);
      if (failures.length > 0) throw failures[0];
      return meanLoss(context.activations);
    },
    dispose: members.end,
  };
}

/** Checks a batch and copies it into the heap. */
function takeInput(
  operation: string,
  { config, activations, shape }: PassContext,
  tokens: Int32Array,
  targets: Int32Array,
  positions: Int32Array | undefined,
): void {
  const { length } = activations.tokens;
  checkTokens(operation, "tokens", tokens, length, config.vocabSize);
  checkTargets(operation, targets, length, config.vocabSize);
  if (positions !== undefined) checkPositions(operation, positions, shape.batch, shape.length);
  activations.tokens.set(tokens);
  activations.targets.set(targets);
  for (let i = 0; i < tokens.length; i++) activations.positions[i] = positions?.[i] ?? i % shape.length;
}

/** Mean of the losses of rows with a target, summed in order. */
function meanLoss({ losses, targets }: Activations): number {
  return losses.reduce((sum, loss) => sum + loss, 0) / countTargets(targets);
}
