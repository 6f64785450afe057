import { OPTIMIZERS } from "@sumo/training";
import type { Run } from "../runs/run.ts";
import { create, element, headCell, scrollable } from "./element.ts";
import { formatLoss, formatShare, formatWhole } from "./numbers.ts";
import { swatch } from "./palette.ts";

/** Number of steps over which the speed is averaged. */
const SPEED_STEPS = 20;

const COLUMNS: readonly { readonly title: string; readonly value: (run: Run) => string | undefined }[] = [
  { title: "step", value: ({ history }) => formatWhole(history.step) },
  { title: "training loss", value: ({ history }) => format(last(history.mean), formatLoss) },
  { title: "held-out loss", value: ({ history }) => format(last(history.validation), formatLoss) },
  { title: "tokens/s", value: (run) => format(speed(run), (value) => formatWhole(Math.round(value))) },
  { title: "captured", value: ({ history }) => format(last(history.captured), formatShare) },
  {
    title: "refreshes",
    value: ({ history }) => (last(history.captured) === undefined ? undefined : formatWhole(history.refreshes)),
  },
];

/** Table of the latest values, one row a run; it holds the charts' content for screen readers. */
export class Scoreboard {
  private readonly table = create("table", "scoreboard");
  private cells = new Map<Run, readonly HTMLTableCellElement[]>();

  constructor() {
    element("now", HTMLElement).append(scrollable("Latest values", this.table));
    this.setRuns([]);
  }

  setRuns(runs: readonly Run[]): void {
    const head = create("thead", "", create("tr", "", headCell("col", "optimizer"), ...COLUMNS.map(titleCell)));
    this.cells = new Map(runs.map((run) => [run, COLUMNS.map(() => create("td", "", "–"))]));
    const rows = Array.from(this.cells, ([{ optimizer }, cells]) =>
      create("tr", optimizer, headCell("row", swatch(optimizer), OPTIMIZERS[optimizer].title), ...cells),
    );
    const empty = create("caption", "", "No run yet: choose optimizers and press Start.");
    this.table.replaceChildren(...(runs.length === 0 ? [empty] : [head, create("tbody", "", ...rows)]));
    for (const run of runs) this.update(run);
  }

  update(run: Run): void {
    this.cells.get(run)?.forEach((cell, i) => {
      cell.textContent = COLUMNS[i]!.value(run) ?? "–";
    });
  }
}

function titleCell({ title }: { readonly title: string }): HTMLTableCellElement {
  return headCell("col", title);
}

function format(value: number | undefined, how: (value: number) => string): string | undefined {
  return value === undefined ? undefined : how(value);
}

function last(column: readonly (number | null)[]): number | undefined {
  return column.findLast((value) => value !== null && value !== undefined) ?? undefined;
}

function speed({ history }: Run): number | undefined {
  const speeds = history.lines
    .slice(-SPEED_STEPS)
    .flatMap(({ tokensPerSecond }) => (tokensPerSecond === undefined ? [] : [tokensPerSecond]));
  // The harmonic mean: the total of tokens by the total time.
  return speeds.length === 0 ? undefined : speeds.length / speeds.reduce((sum, each) => sum + 1 / each, 0);
}
