/** A table; a row's first cell is its heading. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A row of a chart: one value for each series that has one. */
export interface DotRow {
  readonly label: string;
  readonly dots: readonly Dot[];
}

export interface Dot {
  readonly series: string;
  readonly value: number;
  /** The value with its unit, for screen readers. */
  readonly text: string;
  /** Whether the measured result is wrong; drawn hollow. */
  readonly wrong?: boolean;
}

/** The names of all series in their first order. */
export function seriesOf(rows: readonly DotRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ dots }) => dots.map(({ series }) => series)))];
}

/** Converts a chart's rows to a table with series in columns. */
export function tableOf(rows: readonly DotRow[], heading: string): Table {
  const series = seriesOf(rows);
  const cells = ({ dots }: DotRow) =>
    series.map((name) => {
      const dot = dots.find((one) => one.series === name);
      return dot === undefined ? "–" : `${dot.wrong === true ? "✗ " : ""}${dot.text}`;
    });
  return { head: [heading, ...series], rows: rows.map((row) => [row.label, ...cells(row)]) };
}

/** Formats a number with two or three significant digits. */
export function digits(x: number): string {
  return x >= 100 ? Math.round(x).toLocaleString("en") : x.toPrecision(x >= 10 ? 3 : 2);
}
