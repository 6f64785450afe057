import type { OptimizerName } from "@sumo/core";
import { OPTIMIZER_NAMES, OPTIMIZERS } from "@sumo/training";

/** Adds the optimizers' colours to the page's styles: a custom property each, and a class that sets the element's `--own` to it. */
export function addOptimizerColours(): void {
  const properties = (theme: "light" | "dark"): string =>
    `:root { ${OPTIMIZER_NAMES.map((name) => `--${name}: ${OPTIMIZERS[name].line[theme]};`).join(" ")} }`;
  const classes = OPTIMIZER_NAMES.map((name) => `.${name} { --own: var(--${name}); }`).join(" ");
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${properties("light")} @media (prefers-color-scheme: dark) { ${properties("dark")} } ${classes}`);
  document.adoptedStyleSheets.push(sheet);
}

/** A colour of the current theme, in the canvas's format. @param name - a custom property without its dashes. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const SVG = "http://www.w3.org/2000/svg";

/** Creates a sample of an optimizer's line, for legends. */
export function swatch(optimizer: OptimizerName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  svg.setAttribute("class", `swatch ${optimizer}`);
  svg.setAttribute("viewBox", "0 0 28 4");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", "M0 2h28");
  line.setAttribute("stroke-dasharray", OPTIMIZERS[optimizer].line.dash.join(" ") || "none");
  svg.append(line);
  return svg;
}
