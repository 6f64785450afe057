import { expect, test } from "vitest";
import { linePlot } from "./line-plot.ts";
import { terminalPlot } from "./terminal-plot.ts";

const labels = { title: "t", xLabel: "x", yLabel: "y" };
const plain = (text: string): string => text;

test("an SVG line runs from corner to corner, with its colour and name, and markup in names is text", () => {
  const svg = linePlot(
    [
      {
        label: "a<b>",
        points: [
          { x: 0, y: 1 },
          { x: 10, y: 3 },
        ],
      },
    ],
    labels,
  );
  expect(svg).toContain('d="M64 372L704 36"');
  expect(svg).toContain("<title>a&lt;b&gt;</title>");
  expect(svg).not.toContain("a<b>");
});

test("points that are not finite are left out, and nothing at all still gives axes", () => {
  const svg = linePlot(
    [
      {
        label: "a",
        points: [
          { x: 0, y: Number.NaN },
          { x: 1, y: 2 },
          { x: 2, y: Number.POSITIVE_INFINITY },
        ],
      },
    ],
    labels,
  );
  expect(svg).not.toMatch(/NaN|Infinity/);
  expect(linePlot([], labels)).not.toMatch(/NaN|Infinity/);
});

test("a falling line on the terminal begins on top at the left and ends below at the right", () => {
  const points = Array.from({ length: 200 }, (_, x) => ({ x, y: 200 - x }));
  const rows = terminalPlot([{ label: "a", points, paint: plain }]).split("\n");
  expect(rows).toHaveLength(14 + 2 + 1);
  expect(rows[0]).toMatch(/^200\.000 │[\u2801-\u28ff]/);
  expect(rows[13]).toMatch(/^ {2}1\.000 │ +[\u2801-\u28ff]+$/);
  expect(rows[15]!.trim()).toMatch(/^0 +199$/);
});

test("one point, equal values and no points are plots too", () => {
  expect(terminalPlot([])).toBe("");
  expect(terminalPlot([{ label: "a", points: [{ x: 1, y: Number.NaN }], paint: plain }])).toBe("");
  expect(terminalPlot([{ label: "a", points: [{ x: 3, y: 2 }], paint: plain }])).toMatch(/[\u2801-\u28ff]/);
});
