import { digits, type Table } from "./rows.ts";

/** A curve of a chart. */
export interface Line {
  readonly name: string;
  /** Points from left to right. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Converts lines to a table: a row for each x, a column for each line. */
export function tableOfLines(lines: readonly Line[], heading: string): Table {
  const places = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const cell = ({ points }: Line, place: number): string => {
    const y = points.find(([x]) => x === place)?.[1];
    return y === undefined ? "–" : digits(y);
  };
  return {
    head: [heading, ...lines.map(({ name }) => name)],
    rows: places.map((place) => [String(place), ...lines.map((line) => cell(line, place))]),
  };
}
