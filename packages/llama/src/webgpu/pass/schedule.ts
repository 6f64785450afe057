import { halfParts, outerParts, type Part } from "../../weights/parameters.ts";
import type { GpuBlocks } from "../arena.ts";
import type { Command, GpuArray } from "../gpu.ts";
import { embed, embedGradient } from "../kernels/embed.ts";
import { sliceOf } from "../weights.ts";
import type { GpuContext } from "./context.ts";
import { backwardLastNorm, headLoss } from "./head.ts";
import { backwardAttention, backwardFeedForward, forwardAttention, forwardDown, forwardGateUp } from "./layer.ts";

/** Commands of a forward pass: fills `losses`, one a row. */
export function lossCommands(context: GpuContext): readonly Command[] {
  return [...forwardLayers(context), ...headLoss(context, false)];
}

/**
 * Commands of a forward and backward pass: fills `losses` and every gradient, in the order of the processor's schedule, the head's first.
 *
 * @param handOut - returns the array that receives a gradient: the next layer overwrites the gradient itself.
 */
export function backwardCommands(context: GpuContext, handOut: (part: Part<string>) => GpuArray): readonly Command[] {
  const { gpu, config, rows, gradients } = context;
  const { embedding, norm, head } = outerParts(config);
  const copies = <Block extends string>(parts: readonly Part<Block>[], blocks: GpuBlocks<Block>): Command[] =>
    parts.map((part) => gpu.copy(sliceOf(part, blocks), handOut(part)));
  const commands: Command[] = [
    ...forwardLayers(context),
    ...headLoss(context, true),
    ...backwardLastNorm(context),
    ...copies(config.tied ? [norm] : [head, norm], gradients.outer),
  ];
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    if (context.recompute && layer < config.layers - 1) {
      commands.push(...forwardAttention(context, layer), ...forwardGateUp(context, layer));
    }
    commands.push(
      ...backwardFeedForward(context, layer),
      ...copies(halfParts(config, layer, "feedForward"), gradients.layer),
      ...backwardAttention(context, layer),
      ...copies(halfParts(config, layer, "attention"), gradients.layer),
    );
  }
  const table = gradients.outer.embedding;
  commands.push(
    ...(config.tied ? [] : [gpu.clear(table)]),
    embedGradient(gpu, rows, config.dim, context.tokens, context.shared.stream, table),
    ...copies([embedding], gradients.outer),
  );
  return commands;
}

function forwardLayers(context: GpuContext): readonly Command[] {
  const { gpu, config, rows, tokens, weights } = context;
  return [
    embed(gpu, rows, config.dim, weights.outer.embedding, tokens, context.layers[0]!.x),
    ...Array.from({ length: config.layers }, (_, layer) => [
      ...forwardAttention(context, layer),
      ...forwardGateUp(context, layer),
      ...forwardDown(context, layer),
    ]).flat(),
  ];
}
