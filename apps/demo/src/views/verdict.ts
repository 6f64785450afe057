import { OPTIMIZERS } from "@sumo/training";
import type { Phase } from "../runs/comparison.ts";
import type { Run } from "../runs/run.ts";
import { formatLoss, formatWhole } from "./numbers.ts";

type Entrant = Pick<Run, "optimizer" | "history">;

/** Describes a comparison in words when its phase changes. */
export function describe(
  comparison: { readonly step: number; readonly runs: readonly Entrant[] },
  phase: Phase,
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
      return [losses, overtakings(comparison.runs) ?? ""].join(" ").trim();
    }
    default:
      return phase satisfies never;
  }
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
