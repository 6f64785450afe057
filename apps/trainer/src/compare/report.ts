import type { LogLine } from "@sumo/training";
import { escapeHtml } from "../screen/html.ts";
import { colorOf, type Line, linePlot } from "../screen/line-plot.ts";
import type { Facts } from "../screen/screen.ts";
import type { Comparison } from "./comparison.ts";
import { COLUMNS } from "./comparison-table.ts";
import type { Trial } from "./trial.ts";

/** Style of the page, which loads no script, font or style sheet from a network. */
const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1b1b1b, #e8e8e8); --faint: light-dark(#dcdcdc, #3a3a3a); }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: light-dark(#fff, #161616); max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } .wide { overflow-x: auto; }
th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.mark { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .5rem; }
svg { width: 100%; height: auto; } svg text { font-size: 13px; fill: var(--ink); } .grid { stroke: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { opacity: .7; } dd { margin: 0; }
`;

/** Formats a comparison as an HTML page: the table, and plots of the validation loss over steps and over seconds. */
export function comparisonReport(comparison: Comparison, trials: readonly Trial[], facts: Facts): string {
  const labels = comparison.rows.map(({ label }) => label);
  const plot = (title: string, xLabel: string, x: (line: LogLine) => number): string =>
    linePlot(
      labels.map((label) => meanLine(label, trials, x)),
      { title, xLabel, yLabel: "validation loss, nats per token" },
    );
  const rows = comparison.rows.map((row, i) => {
    const mark = `<span class="mark" style="background:${colorOf(i)}"></span>`;
    const cells = COLUMNS.map(({ show }) => escapeHtml(show(row)));
    return `<tr><td>${mark}${cells.join("</td><td>")}</td></tr>`;
  });
  const heading = COLUMNS.map(({ title }) => `<th scope="col">${escapeHtml(title(comparison.target))}</th>`).join("");
  const list = facts.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`).join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Comparison of optimizers</title>
<style>${STYLE}</style>
<h1>Comparison of optimizers</h1>
<dl>${list}</dl>
<div class="wide"><table><thead><tr>${heading}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>
<h2>By steps</h2>
${plot("Validation loss by steps", "steps", ({ step }) => step)}
<h2>By time</h2>
${plot("Validation loss by seconds", "seconds of training, measurements included", ({ seconds }) => seconds)}
</html>
`;
}

/** Mean validation losses of a contestant over its seeds, without the initial one: all share it, and it would flatten the plot. */
function meanLine(label: string, trials: readonly Trial[], x: (line: LogLine) => number): Line {
  const own = trials
    .filter((trial) => trial.label === label)
    .map(({ lines }) => lines.filter(({ step, validation }) => step > 0 && validation !== undefined));
  const count = Math.min(...own.map((lines) => lines.length));
  const points = Array.from({ length: count }, (_, i) => ({
    x: own.reduce((sum, lines) => sum + x(lines[i]!), 0) / own.length,
    y: own.reduce((sum, lines) => sum + lines[i]!.validation!, 0) / own.length,
  }));
  return { label, points };
}
