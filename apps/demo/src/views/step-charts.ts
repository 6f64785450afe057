import type { History } from "../runs/history.ts";
import type { Run } from "../runs/run.ts";
import { Chart, type ChartOptions, type Columns, type Line } from "./chart.ts";
import { element } from "./element.ts";
import { formatLoss, formatShare } from "./numbers.ts";

type Column = (history: History) => readonly (number | null)[];

/** A chart over the steps, and the columns of its lines in drawing order. */
interface StepChart {
  readonly chart: Chart;
  readonly columns: readonly (readonly [Line["kind"], Column])[];
}

const NOT_YET = "Drawn as the training goes.";

/** Charts over the steps: training loss, validation loss and captured energy, one line a run. */
export class StepCharts {
  private runs: readonly Run[] = [];
  private readonly charts: readonly StepChart[] = [
    {
      chart: stepChart("loss", {
        label: "Line chart of the training loss by step.",
        format: formatLoss,
        settled: true,
        empty: NOT_YET,
      }),
      columns: [
        ["thin", ({ loss }) => loss],
        ["line", ({ mean }) => mean],
      ],
    },
    {
      chart: stepChart("validation", {
        label: "Line chart of the held-out loss by step.",
        format: formatLoss,
        settled: true,
        empty: NOT_YET,
      }),
      columns: [
        ["line", ({ validation }) => validation],
        ["dots", ({ validation }) => validation],
      ],
    },
    {
      chart: stepChart("captured", {
        label: "Line chart of the captured energy by step.",
        format: formatShare,
        formatTick: formatShare,
        range: [0, 1],
        empty: "Drawn for optimizers that work in a subspace: SUMO and GaLore.",
      }),
      columns: [
        ["line", ({ captured }) => captured],
        ["dots", ({ refreshed }) => refreshed],
      ],
    },
  ];

  setRuns(runs: readonly Run[]): void {
    this.runs = runs;
    for (const { chart, columns } of this.charts) {
      chart.setLines(columns.flatMap(([kind]) => runs.map(({ optimizer }) => ({ optimizer, kind }))));
    }
    this.update();
  }

  update(): void {
    const steps = Math.max(0, ...this.runs.map(({ history }) => history.loss.length));
    if (steps === 0) return;
    const x = Array.from({ length: steps }, (_, step) => step);
    for (const { chart, columns } of this.charts) {
      const lines = columns.flatMap(([, column]) => this.runs.map(({ history }) => filled(column(history), steps)));
      chart.setColumns([x, ...lines] as Columns);
    }
  }
}

function stepChart(
  id: string,
  options: Pick<ChartOptions, "label" | "format" | "formatTick" | "settled" | "range" | "empty">,
): Chart {
  const label = `${options.label} The latest values are in the table “Now”.`;
  return new Chart(element(id, HTMLElement), { ...options, label, x: "step", cursor: "steps" });
}

/** Pads a column with `null` to the length of the longest run. */
function filled(column: readonly (number | null)[], length: number): (number | null)[] {
  return Array.from({ length }, (_, i) => column[i] ?? null);
}
