import { escapeHtml } from "./html.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly label: string;
  readonly points: readonly Point[];
}

export interface PlotOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

const WIDTH = 720;
const HEIGHT = 420;
const MARGIN = { left: 64, right: 16, top: 36, bottom: 48 };

/** Palette for colour-blind readers (Okabe and Ito 2008), legible on light and dark. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/** Colour of the i-th line. */
export const colorOf = (i: number): string => COLORS[i % COLORS.length]!;

/** Plots lines over common axes as an SVG element. Points that are not finite are left out. */
export function linePlot(lines: readonly Line[], { title, xLabel, yLabel }: PlotOptions): string {
  const shown = lines.map((line) => line.points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
  const all = shown.flat();
  const x = axis(
    all.map((point) => point.x),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = axis(
    all.map((point) => point.y),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const paths = shown.map((points, i) => {
    const path = points
      .map((point, at) => `${at === 0 ? "M" : "L"}${round(x.place(point.x))} ${round(y.place(point.y))}`)
      .join("");
    return `<path d="${path}" fill="none" stroke="${colorOf(i)}" stroke-width="2"><title>${escapeHtml(lines[i]!.label)}</title></path>`;
  });
  const grid = [
    ...x.ticks.map((tick) => rule(x.place(tick), MARGIN.top, x.place(tick), HEIGHT - MARGIN.bottom)),
    ...y.ticks.map((tick) => rule(MARGIN.left, y.place(tick), WIDTH - MARGIN.right, y.place(tick))),
  ];
  const labels = [
    ...x.ticks.map((tick) => text(x.place(tick), HEIGHT - MARGIN.bottom + 18, "middle", format(tick))),
    ...y.ticks.map((tick) => text(MARGIN.left - 8, y.place(tick) + 4, "end", format(tick))),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 8, "middle", xLabel),
    text(MARGIN.left, MARGIN.top - 14, "start", yLabel),
  ];
  const heading = `${title}: ${lines.map(({ label }) => label).join(", ")}`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(heading)}">${[...grid, ...labels, ...paths].join("")}</svg>`;
}

/** Linear axis: maps values to positions between two ends, and has round ticks. */
function axis(
  values: readonly number[],
  from: number,
  to: number,
): { place: (value: number) => number; ticks: number[] } {
  const low = values.reduce((least, value) => Math.min(least, value), values[0] ?? 0);
  const high = values.reduce((most, value) => Math.max(most, value), values[0] ?? 1);
  const span = high > low ? high - low : 1;
  const step = roundStep(span / 6);
  const first = Math.ceil(low / step);
  const ticks = Array.from({ length: Math.floor((low + span) / step) - first + 1 }, (_, i) => (first + i) * step);
  return { place: (value) => from + ((value - low) / span) * (to - from), ticks };
}

/** Rounds up to 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5].find((factor) => factor * power >= step) ?? 10);
}

const round = (value: number): number => Math.round(10 * value) / 10;
const format = (tick: number): string => String(Number(tick.toPrecision(6)));

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="grid" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function text(x: number, y: number, anchor: "start" | "middle" | "end", content: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}
