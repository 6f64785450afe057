import type { Line } from "./line-plot.ts";

const COLUMNS = 64;
const ROWS = 14;
/** Bits of a braille character's dots, 2 wide and 4 high, column by column from the top. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const BRAILLE = 0x2800;

/** A line of a plot, and the colour function of its characters. */
export interface PaintedLine extends Line {
  readonly paint: (text: string) => string;
}

/**
 * Plots lines over common axes in braille dots. A character that two lines share has the colour of the later one.
 * Points that are not finite are left out.
 */
export function terminalPlot(lines: readonly PaintedLine[]): string {
  const all = lines.flatMap(({ points }) => points).filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  if (all.length === 0) return "";
  const x = extent(all.map((point) => point.x));
  const y = extent(all.map((point) => point.y));
  const cells = Array.from({ length: ROWS }, () => Array.from({ length: COLUMNS }, () => ({ bits: 0, line: 0 })));
  lines.forEach(({ points }, line) => {
    for (const point of points) {
      const across = place(point.x, x, 2 * COLUMNS);
      const down = 4 * ROWS - 1 - place(point.y, y, 4 * ROWS);
      const cell = cells[down >> 2]?.[across >> 1];
      if (cell === undefined) continue;
      cell.bits |= DOTS[across & 1]![down & 3]!;
      cell.line = line;
    }
  });
  const labels = cells.map((_, row) => (row === 0 ? y.high : row === ROWS - 1 ? y.low : undefined)?.toFixed(3) ?? "");
  const width = Math.max(...labels.map((label) => label.length));
  const rows = cells.map((row, i) => {
    const dots = row.map(({ bits, line }) =>
      bits === 0 ? " " : lines[line]!.paint(String.fromCharCode(BRAILLE + bits)),
    );
    return `${labels[i]!.padStart(width)} │${dots.join("")}`;
  });
  const ends = `${x.low}`.padEnd(COLUMNS - `${x.high}`.length) + x.high;
  return `${rows.join("\n")}\n${" ".repeat(width)} └${"─".repeat(COLUMNS)}\n${" ".repeat(width)}  ${ends}\n`;
}

interface Extent {
  readonly low: number;
  readonly high: number;
}

function extent(values: readonly number[]): Extent {
  return values.reduce(({ low, high }, value) => ({ low: Math.min(low, value), high: Math.max(high, value) }), {
    low: Number.POSITIVE_INFINITY,
    high: Number.NEGATIVE_INFINITY,
  });
}

/** Index of a value among `count` positions between the ends; NaN if the value is not finite. */
function place(value: number, { low, high }: Extent, count: number): number {
  return high > low ? Math.round(((value - low) / (high - low)) * (count - 1)) : 0;
}
