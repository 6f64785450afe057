import type { OptimizerName } from "@sumo/core";
import { OPTIMIZERS } from "@sumo/training";
import uPlot from "uplot";
import { create } from "./element.ts";
import { colour, swatch } from "./palette.ts";

/** Line of a chart. */
export interface Line {
  readonly optimizer: OptimizerName;
  /** `thin` is drawn behind the others; `dots` are points without a line. The readout leaves both out. */
  readonly kind: "line" | "thin" | "dots";
}

/** Options of a chart: axes, labels and formats. */
export interface ChartOptions {
  /** Accessible name. */
  readonly label: string;
  /** Name of the horizontal axis, e.g. `step`. */
  readonly x: string;
  readonly logarithmic?: boolean;
  /** Text in place of the lines while there are none. */
  readonly empty: string;
  readonly format: (value: number) => string;
  /** Format of the vertical axis's labels. Default: the number unchanged. */
  readonly formatTick?: (value: number) => string;
  /** Key of a cursor that charts share. */
  readonly cursor?: string;
  /** Whether the vertical axis is fitted to the steps after the first tenth, so that a steep beginning does not flatten the rest. */
  readonly settled?: boolean;
  /** Ends of the vertical axis. Default: fitted to the values. */
  readonly range?: readonly [number, number];
}

/** Values over a common horizontal axis; `null` where a line has none. */
export type Columns = readonly [x: readonly number[], ...lines: readonly (readonly (number | null)[])[]];

const HEIGHT = 240;
/** Fewest steps at which the axis's range excludes the first tenth. */
const LONG = 60;
/** Least width of the vertical axis, relative to its values. */
const LEAST_WIDTH = 1e-3;
/** Most points that are drawn as dots: more of them hide their line. */
const MOST_DOTS = 200;
/** Opacity in hexadecimal, appended to a colour. */
const FAINT = "4d";

/** Line chart that grows, with a readout of the values at the cursor, or of the last ones. */
export class Chart {
  private readonly options: ChartOptions;
  private readonly readout: HTMLElement = create("p", "readout");
  private readonly host: HTMLElement = create("div", "chart");
  private lines: readonly Line[] = [];
  private plot: uPlot | undefined;
  private columns: Columns = [[]];

  constructor(figure: HTMLElement, options: ChartOptions) {
    this.options = options;
    this.host.setAttribute("role", "img");
    this.host.setAttribute("aria-label", options.label);
    this.host.dataset["empty"] = options.empty;
    figure.append(this.readout, this.host);
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(this.host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.plot?.redraw());
    this.setLines([]);
  }

  /** Replaces the lines. */
  setLines(lines: readonly Line[]): void {
    this.plot?.destroy();
    this.plot = undefined;
    this.lines = lines;
    this.columns = [[]];
    this.readout.replaceChildren();
    this.host.classList.add("empty");
  }

  /** Draws values: the column of the horizontal axis, and one for every line. */
  setColumns(columns: Columns): void {
    this.columns = columns;
    const empty = columns.slice(1).every((column) => column.every((value) => value === null));
    this.host.classList.toggle("empty", empty);
    if (empty) return;
    const data = columns as unknown as uPlot.AlignedData;
    if (this.plot === undefined) this.plot = new uPlot(this.plotOptions(), data, this.host);
    else this.plot.setData(data);
    this.read(this.plot.cursor.idx ?? undefined);
  }

  private read(place: number | undefined): void {
    const parts = this.lines.flatMap(({ optimizer, kind }, i) => {
      if (kind !== "line") return [];
      const value = lastValue(this.columns[i + 1]!, place);
      if (value === undefined) return [];
      return [
        create("span", optimizer, swatch(optimizer), `${OPTIMIZERS[optimizer].title} ${this.options.format(value)}`),
      ];
    });
    const at = place === undefined ? undefined : this.columns[0][place];
    this.readout.replaceChildren(...(at === undefined ? [] : [`${this.options.x} ${at}`]), ...parts);
  }

  private size(): { width: number; height: number } {
    return { width: this.host.clientWidth, height: HEIGHT };
  }

  private plotOptions(): uPlot.Options {
    const { logarithmic = false, cursor, x, formatTick = String, settled = false, range } = this.options;
    const rangeOf = (): [number, number] =>
      range === undefined ? fittedRange(this.columns, settled) : [range[0], range[1]];
    const axis = {
      stroke: () => colour("quiet"),
      grid: { stroke: () => colour("grid"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui, sans-serif",
    };
    return {
      ...this.size(),
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 7 },
        ...(cursor !== undefined && { sync: { key: cursor } }),
      },
      scales: {
        x: { time: false },
        y: logarithmic ? { distr: 3 } : { range: rangeOf },
      },
      axes: [
        { ...axis, label: x, labelSize: 18, labelFont: axis.font, size: 28 },
        { ...axis, size: 46, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : formatTick(tick))) },
      ],
      series: [{}, ...this.lines.map(seriesOf)],
      hooks: { setCursor: [({ cursor: { idx } }) => this.read(idx ?? undefined)] },
    };
  }
}

function seriesOf({ optimizer, kind }: Line): uPlot.Series {
  const own = (): string => colour(optimizer);
  const faint = (): string => `${own()}${FAINT}`;
  switch (kind) {
    case "line":
      return {
        stroke: own,
        width: 2,
        dash: [...OPTIMIZERS[optimizer].line.dash],
        spanGaps: true,
        points: { show: false },
      };
    case "thin":
      return { stroke: faint, width: 1, spanGaps: true, points: { show: false } };
    case "dots":
      return { stroke: own, paths: () => null, points: { show: hasFewPoints, size: 6, fill: own } };
  }
}

const hasFewPoints: uPlot.Series.Points.Show = (plot, series) => {
  const column = plot.data[series] as Columns[1];
  return column.filter((value) => value !== null).length <= MOST_DOTS;
};

/** Range of the values; if `settled`, and they are many, of those after the first tenth. */
function fittedRange(columns: Columns, settled: boolean): [number, number] {
  const { length } = columns[0];
  const late = settled && length >= LONG ? rangeFrom(columns, Math.floor(length / 10)) : undefined;
  return late ?? rangeFrom(columns, 0) ?? [0, 1];
}

/** Range of the values from index `first` on, with a margin. */
function rangeFrom([, ...lines]: Columns, first: number): [number, number] | undefined {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    for (let i = first; i < line.length; i++) {
      const value = line[i];
      if (value === null || value === undefined) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  if (least > most) return undefined;
  // Values that differ in their last digits only would give an axis with more ticks than an array holds.
  const margin = 0.05 * (Math.max(most - least, LEAST_WIDTH * Math.abs(most)) || 1);
  return [least - margin, most + margin];
}

/** The value at index `place`, or the nearest one before it; the last one without an index. */
function lastValue(column: readonly (number | null)[], place = column.length - 1): number | undefined {
  for (let i = Math.min(place, column.length - 1); i >= 0; i--) {
    const value = column[i];
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}
