import type { OptimizerName } from "@sumo/core";
import { OPTIMIZERS } from "@sumo/training";
import type { Phase } from "../runs/comparison.ts";
import type { Run } from "../runs/run.ts";
import { formatLoss, formatWhole } from "./numbers.ts";

type Entrant = Pick<Run, "optimizer" | "history">;
type Losses = ReadonlyMap<OptimizerName, number>;

/** Describes a comparison in words when its phase changes. @param promised - the final losses of a link, whose experiment this may be. */
export function describe(
  comparison: { readonly step: number; readonly runs: readonly Entrant[]; readonly losses: Losses },
  phase: Phase,
  promised: Losses = new Map(),
): string {
  const at = formatWhole(comparison.step);
  switch (phase) {
    case "running":
      return "Training.";
    case "paused":
      return `Paused at step ${at}.`;
    case "failed":
      return `Stopped at step ${at}.`;
    case "finished": {
      const losses = `Finished after ${at} steps. Held-out loss: ${comparison.runs.map(closingLoss).join(", ")}.`;
      return [losses, overtakings(comparison.runs), kept(comparison.losses, promised)]
        .filter((sentence) => sentence !== undefined)
        .join(" ");
    }
    default:
      return phase satisfies never;
  }
}

/** Whether the losses are those of the link. */
function kept(losses: Losses, promised: Losses): string | undefined {
  if (promised.size === 0 || losses.size === 0) return undefined;
  const others = [...promised].filter(([optimizer, loss]) => losses.get(optimizer) !== loss);
  if (others.length === 0) return "As the link says, to the last bit.";
  const list = others.map(([optimizer, loss]) => `${OPTIMIZERS[optimizer].title} ${formatLoss(loss)}`).join(", ");
  return `The link says otherwise, of another experiment or version of this page: ${list}.`;
}

function closingLoss({ optimizer, history }: Entrant): string {
  const final = history.lines.at(-1)?.final;
  return `${OPTIMIZERS[optimizer].title} ${final === undefined ? "none" : formatLoss(final.validation)}`;
}

/** Finds the step at which each other run's validation loss reached the highest final loss. */
function overtakings(runs: readonly Entrant[]): string | undefined {
  const ends = runs.map(({ history }) => history.measurements.at(-1)?.validation ?? Number.NEGATIVE_INFINITY);
  const target = Math.max(...ends);
  const slowest = runs[ends.indexOf(target)]!;
  const earlier = runs.flatMap(({ optimizer, history: { measurements } }) => {
    const reached = measurements.find(({ validation }) => validation <= target);
    if (optimizer === slowest.optimizer || reached === undefined || reached === measurements.at(-1)) return [];
    return [`${OPTIMIZERS[optimizer].title} after ${formatWhole(reached.step)} steps`];
  });
  return earlier.length === 0
    ? undefined
    : `Where ${OPTIMIZERS[slowest.optimizer].title} ended: ${earlier.join(", ")}.`;
}
