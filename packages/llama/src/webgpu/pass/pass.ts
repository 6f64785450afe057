import { checkFunction, checkOptions } from "../../arguments.ts";
import { InputError } from "../../errors.ts";
import type { Llama } from "../../model.ts";
import { checkPassShape, type OnGradient, type PassOptions } from "../../pass/pass.ts";
import { checkTargets, checkTokens, countTargets } from "../../tokens.ts";
import { lengthOf } from "../../weights/parameters.ts";
import { GpuArena } from "../arena.ts";
import type { Gpu, GpuArray } from "../gpu.ts";
import type { GpuWeights } from "../weights.ts";
import { allocateContext, type GpuContext } from "./context.ts";
import { backwardCommands, lossCommands } from "./schedule.ts";

/**
 * Forward and backward pass on a GPU over batches of one shape. Creation allocates all memory and compiles the kernels; each call of a
 * method is one submission to the device. One call at a time.
 */
export interface GpuPass {
  readonly batch: number;
  readonly length: number;
  /**
   * Mean cross-entropy, in nats; as `Pass.loss`.
   *
   * @throws {InputError} for a wrong length, a token outside the vocabulary, no target at all, or while another call runs.
   * @throws {GpuLostError} if the device was lost. @throws {GpuFailureError} if it failed.
   */
  loss(tokens: Int32Array, targets: Int32Array): Promise<number>;
  /**
   * Computes the loss and every gradient, and calls `onGradient` with each when all are on the host, in the order of `Pass.backward`. The
   * call-back may change the model's parameter of that name, which is then written to the device. An error that it throws is thrown again;
   * no gradient follows it.
   *
   * Accuracy: float32 products and sums; equal input gives equal bits on one device.
   * @throws as {@link loss}: the device's errors before the first gradient is handed out, so that no parameter was changed.
   */
  backward(tokens: Int32Array, targets: Int32Array, onGradient: OnGradient): Promise<number>;
  /** Releases the memory. The pass must not be used again. */
  dispose(): void;
}

/** Creates a pass of a model whose weights are on the device. See `GpuLlama.createPass`. */
export function createGpuPass(
  gpu: Gpu,
  model: Llama,
  weights: GpuWeights,
  batch: number,
  length: number,
  options: PassOptions,
): GpuPass {
  checkOptions("createPass", options, { recompute: "boolean" });
  checkPassShape("createPass", model.config, batch, length);
  const { recompute = false } = options;
  return GpuArena.allocate(gpu, (arena) => {
    const context = allocateContext(gpu, model, weights, { batch, length, recompute }, arena);
    const losses = arena.readBack(batch * length);
    const names: string[] = [];
    const gradients: GpuArray[] = [];
    const backward = backwardCommands(context, (part) => {
      const readBack = arena.readBack(lengthOf(part));
      names.push(part.name);
      gradients.push(readBack);
      return readBack;
    });
    const copyLosses = gpu.copy(context.shared.losses, losses);
    const runs = { loss: [...lossCommands(context), copyLosses], backward: [...backward, copyLosses] };
    const data = new Map(model.parameters.map((parameter) => [parameter.name, parameter.data]));
    let busy = false;

    /** Runs commands on a batch, and hands out what they read back. */
    async function run(
      operation: "loss" | "backward",
      tokens: Int32Array,
      targets: Int32Array,
      receive: (index: number, values: Float32Array) => void,
    ): Promise<number> {
      if (busy) throw new InputError(operation, "expected the call before to have ended, got a second one");
      takeInput(operation, context, tokens, targets);
      const counted = countTargets(targets);
      busy = true;
      try {
        let sum = 0;
        gpu.run(runs[operation]);
        await gpu.take(operation === "loss" ? [losses] : [losses, ...gradients], (i, values) => {
          if (i > 0) receive(i - 1, values);
          else sum = values.reduce((total, loss) => total + loss, 0);
        });
        return sum / counted;
      } finally {
        busy = false;
      }
    }

    return {
      batch,
      length,
      loss: (tokens, targets) => run("loss", tokens, targets, () => {}),
      backward: async (tokens, targets, onGradient) => {
        checkFunction("backward", "onGradient", onGradient);
        return run("backward", tokens, targets, (i, gradient) => {
          const name = names[i]!;
          try {
            onGradient(name, gradient);
          } finally {
            gpu.write(weights.parameters.get(name)!, data.get(name)!);
          }
        });
      },
      dispose: () => arena.release(),
    };
  });
}

/** Checks a batch and writes it to the device. */
function takeInput(operation: string, context: GpuContext, tokens: Int32Array, targets: Int32Array): void {
  const { gpu, config, rows } = context;
  checkTokens(operation, "tokens", tokens, rows, config.vocabSize);
  checkTargets(operation, targets, rows, config.vocabSize);
  gpu.write(context.tokens, tokens);
  gpu.write(context.targets, targets);
  gpu.write(context.shared.scale, Float32Array.of(1 / countTargets(targets)));
}
