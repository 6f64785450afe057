import type { OptimizerName } from "@sumo/core";

/** How an optimizer is named and drawn, wherever it appears. */
export interface Look {
  readonly label: string;
  /** Lengths of dashes and gaps, so that lines differ without their colours too. */
  readonly dash: readonly number[];
}

export const LOOKS: Readonly<Record<OptimizerName, Look>> = {
  sumo: { label: "SUMO", dash: [] },
  adamw: { label: "AdamW", dash: [7, 4] },
  muon: { label: "Muon", dash: [2, 3] },
  galore: { label: "GaLore", dash: [9, 3, 2, 3] },
  soap: { label: "SOAP", dash: [14, 4] },
  sgd: { label: "SGD", dash: [3, 6] },
};

export const OPTIMIZERS = Object.keys(LOOKS) as readonly OptimizerName[];

/** A colour of the theme in force, as the canvas takes it. `name` is a custom property of `theme.css` without its dashes. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const SVG = "http://www.w3.org/2000/svg";

/** A piece of the optimizer's line. */
export function swatch(optimizer: OptimizerName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  svg.setAttribute("class", `swatch ${optimizer}`);
  svg.setAttribute("viewBox", "0 0 28 4");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", "M0 2h28");
  line.setAttribute("stroke-dasharray", LOOKS[optimizer].dash.join(" ") || "none");
  svg.append(line);
  return svg;
}
