import type { Activations } from "./activations.ts";
import type { LlamaConfig } from "./config.ts";
import { TASKS, type Task } from "./control.ts";
import { ConfigError } from "./errors.ts";
import type { GradientGroup, Gradients } from "./gradients.ts";
import { checkTokens } from "./input.ts";
import { runBackward, runLoss } from "./program.ts";
import type { Run } from "./run.ts";

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
   * @throws {InputError} for a wrong length or a token outside the vocabulary, before anything is written. @throws {CrewError} on
   * several threads, if a worker has failed or ended: within seconds, and from then on at once.
   */
  loss(tokens: Int32Array, targets: Int32Array): number;
  /**
   * The loss, and every gradient of it: the head's first, then the final norm's, then layer by layer from the last to the first, the
   * embedding's at the end. One set of buffers serves all layers, so that memory for gradients does not grow with depth, provided that
   * the call-back steps its optimizer at once. What the call-back throws is thrown again at the end; no gradient follows it.
   *
   * Accuracy: float32 products and sums. Cost: 6 flops a parameter and token, and 7 length · dim a layer and token for attention.
   * @throws {InputError} as `loss`.
   */
  backward(tokens: Int32Array, targets: Int32Array, onGradient: OnGradient): number;
  /**
   * Gives the memory back, and sends the workers of a threaded pass away. If one of them is lost, the memory stays: it might still write
   * to it. The pass must not be used again.
   */
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

/** What a pass says to its crew. */
interface Members {
  /** Tells the others what comes. */
  begin(task: Task): void;
  /** Sends them away, and gives the pass's memory back. */
  end(): void;
}

/**
 * The pass as its first thread sees it.
 *
 * @param run - what the program works on, as the crew's first member.
 */
export function createPass(run: Run, gradients: Gradients, members: Members): Pass {
  const { batch, length } = run.shape;
  return {
    batch,
    length,
    loss(tokens, targets) {
      takeInput("loss", run, tokens, targets);
      members.begin(TASKS.loss);
      runLoss(run);
      return meanLoss(run.activations);
    },
    backward(tokens, targets, onGradient) {
      takeInput("backward", run, tokens, targets);
      members.begin(TASKS.backward);
      const failures: unknown[] = [];
      const handOut = (group: GradientGroup): void => {
        if (failures.length > 0) return;
        try {
          for (const { name, data } of gradients.group(group)) onGradient(name, data);
        } catch (failure) {
          failures.push(failure); // the other threads are still at work; they must find the pass at its end
        }
      };
      runBackward(run, gradients, handOut);
      if (failures.length > 0) throw failures[0];
      return meanLoss(run.activations);
    },
    dispose: members.end,
  };
}

/** Checks a batch and copies it in. */
function takeInput(operation: string, { config, activations }: Run, tokens: Int32Array, targets: Int32Array): void {
  const { length } = activations.tokens;
  checkTokens(operation, "tokens", tokens, length, config.vocabSize);
  checkTokens(operation, "targets", targets, length, config.vocabSize);
  activations.tokens.set(tokens);
  activations.targets.set(targets);
}

/** Mean of the rows' losses, summed in order. */
function meanLoss({ losses }: Activations): number {
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
