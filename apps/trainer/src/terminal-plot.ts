import type { Line } from "./line-plot.ts";

const COLUMNS = 64;
const ROWS = 14;
/** A braille character is 2 dots wide and 4 high; these are the dots' bits from the top, column by column. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const BRAILLE = 0x2800;

/** A line and how its characters are painted. */
export interface PaintedLine extends Line {
  readonly paint: (text: string) => string;
}

/**
 * Lines as text: braille dots over common axes, the largest value on top. Where lines cross in a character, the later one paints it.
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

/** Which of `count` places between the ends a value has; NaN for one that is not finite. */
function place(value: number, { low, high }: Extent, count: number): number {
  return high > low ? Math.round(((value - low) / (high - low)) * (count - 1)) : 0;
}
