import { plan } from "@sumo/core";
import { type LlamaConfig, parameterShapes, planLlama } from "@sumo/llama";
import { UsageError } from "./errors.ts";
import { optimizerGroups } from "./optimizer-groups.ts";
import type { TrainOptions } from "./options.ts";
import { hiddenNames } from "./session.ts";
import { formatBytes } from "./terminal.ts";

/** For the engine's packed operands, the sampler's keys and values, and rounding up. */
const SLACK_BYTES = 2 ** 28;
/** WebAssembly's addresses have 32 bits. */
const MOST_BYTES = 2 ** 32;

/**
 * Bytes of heap for a model, its optimizer and its passes. Reserving costs nothing: memory is taken where it is written.
 *
 * @throws {UsageError} if they do not fit in what WebAssembly can address.
 */
export function heapBytes(model: LlamaConfig, options: TrainOptions, threads: number): number {
  const parameters = parameterShapes(model);
  const groups = optimizerGroups(options, hiddenNames({ parameters }));
  const optimizer = plan(parameters, groups, { microBatches: options.accumulate });
  const passes = planLlama(model, {
    batch: options.batch,
    length: options.context,
    threads,
    recompute: options.recompute === true,
  });
  const bytes =
    passes.weightBytes +
    passes.activationBytes +
    passes.gradientBytes +
    optimizer.stateBytes +
    optimizer.workspaceBytes +
    optimizer.accumulationBytes +
    SLACK_BYTES;
  if (bytes <= MOST_BYTES) return bytes;
  throw new UsageError(
    `this needs ${formatBytes(bytes)} of memory, of which ${formatBytes(passes.activationBytes)} are activations; ` +
      `at most ${formatBytes(MOST_BYTES)} can be addressed: take a smaller --batch, --context or model, or --recompute`,
  );
}
