import type { ForwardContext, PassContext } from "./context.ts";
import type { GradientGroup, Gradients } from "./gradients.ts";
import { backwardLastNorm, headLoss } from "./head.ts";
import { backwardAttention, backwardFeedForward } from "./layer-backward.ts";
import { forwardAttention, forwardDown, forwardGateUp } from "./layer-forward.ts";

/** Schedule of a forward pass on one member of the crew: fills `losses`, one a row. */
export function runLoss(context: PassContext): void {
  forwardLayers(context);
  headLoss(context);
}

/**
 * Schedule of a forward and backward pass on one member of the crew: fills `losses` and every gradient, the head's first, then layer by
 * layer from the last to the first, the embedding's at the end.
 *
 * @param handOut - called on member 0 with a group of gradients that are complete and whose weights no member reads any more: both may be
 * changed. The next group overwrites the gradients. While member 0 runs it, the others compute the next weight gradients, of which
 * member 0 takes a smaller share (`Crew.firstShare`).
 */
export function runBackward(
  context: PassContext,
  gradients: Pick<Gradients, "layer" | "outer">,
  handOut: (group: GradientGroup) => void,
): void {
  const { config, shape, kernels, activations, crew } = context;
  const first = crew.index === 0;
  forwardLayers(context);
  headLoss(context, gradients.outer);
  backwardLastNorm(context, gradients.outer);
  let complete: GradientGroup[] = config.tied ? ["norm"] : ["head", "norm"];
  const handOutComplete = (): void => {
    if (first) for (const group of complete) handOut(group);
  };
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    if (shape.recompute && layer < config.layers - 1) {
      forwardAttention(context, layer);
      forwardGateUp(context, layer);
    }
    backwardFeedForward(context, layer, gradients.layer, handOutComplete);
    complete = [{ layer, half: "feedForward" }];
    backwardAttention(context, layer, gradients.layer, handOutComplete);
    complete = [{ layer, half: "attention" }];
  }
  crew.wait(); // all members have read the weights
  if (!first) return;
  handOutComplete();
  const table = gradients.outer.embedding;
  if (!config.tied) table.fill(0);
  kernels.embedGradient(shape.batch * shape.length, config.dim, activations.tokens, activations.shared.stream, table);
  handOut("embedding");
}

/** last ← output of the last layer, for the tokens of the span's rows. */
export function forwardLayers(context: ForwardContext): void {
  const { config, kernels, activations } = context;
  const { dim } = config;
  const { first, rows } = context.span;
  const { embedding } = context.weights.outer;
  const { tokens } = activations;
  const out = activations.layers[0]!.x;
  if (embedding instanceof Float32Array) kernels.embed(rows, dim, embedding, tokens, first, out, first * dim);
  else for (let r = first; r < first + rows; r++) kernels.widen(dim, embedding, tokens[r]! * dim, out, r * dim);
  for (let layer = 0; layer < config.layers; layer++) {
    forwardAttention(context, layer);
    forwardGateUp(context, layer);
    forwardDown(context, layer);
  }
}
