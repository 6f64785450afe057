import type { GradientGroup, Gradients } from "./gradients.ts";
import { backwardLastNorm, headLoss } from "./head.ts";
import { backwardAttention, backwardFeedForward } from "./layer-backward.ts";
import { forwardAttention, forwardDown, forwardGateUp } from "./layer-forward.ts";
import type { ForwardRun, Run } from "./run.ts";

/** What a pass does, in order. Every thread of a crew runs the same program. */

/** Fills `losses`, one a row. */
export function runLoss(run: Run): void {
  forwardLayers(run);
  headLoss(run);
}

/**
 * Fills `losses` and every gradient, the head's first, then layer by layer from the last to the first, the embedding's at the end.
 *
 * @param handOut - called on the crew's first thread with a group of gradients that are complete and whose weights this pass has done
 * with: both may be changed. The gradients' memory is used again afterwards. What it does takes its time in a phase in which the other
 * threads make the next gradients: the work is shared out so that all come to the phase's end together.
 */
export function runBackward(
  run: Run,
  gradients: Pick<Gradients, "layer" | "outer">,
  handOut: (group: GradientGroup) => void,
): void {
  const { config, shape, kernels, activations, crew } = run;
  const first = crew.index === 0;
  forwardLayers(run);
  headLoss(run, gradients.outer);
  backwardLastNorm(run, gradients.outer);
  let complete: GradientGroup[] = config.tied ? ["norm"] : ["head", "norm"];
  const handOutComplete = (): void => {
    if (first) for (const group of complete) handOut(group);
  };
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    if (shape.recompute && layer < config.layers - 1) {
      forwardAttention(run, layer);
      forwardGateUp(run, layer);
    }
    backwardFeedForward(run, layer, gradients.layer, handOutComplete);
    complete = [{ layer, phase: "feedForward" }];
    backwardAttention(run, layer, gradients.layer, handOutComplete);
    complete = [{ layer, phase: "attention" }];
  }
  crew.wait(); // until no thread reads a weight any more
  if (!first) return;
  handOutComplete();
  const table = gradients.outer.embedding;
  if (!config.tied) table.fill(0);
  kernels.embedGradient(shape.batch * shape.length, config.dim, activations.tokens, activations.shared.stream, table);
  handOut("embedding");
}

/** last ← the layers applied to the tokens of the span's rows. */
export function forwardLayers(run: ForwardRun): void {
  const { config, kernels, activations } = run;
  const { dim } = config;
  const { first, rows } = run.span;
  const out = activations.layers[0]!.x;
  kernels.embed(rows, dim, run.weights.outer.embedding, activations.tokens, first, out, first * dim);
  for (let layer = 0; layer < config.layers; layer++) {
    forwardAttention(run, layer);
    forwardGateUp(run, layer);
    forwardDown(run, layer);
  }
}
