import { OPTIMIZERS } from "@sumo/training";
import type { Run } from "../runs/run.ts";
import { Chart, type Columns } from "./chart.ts";
import { create, element, headCell, scrollable } from "./element.ts";
import { formatShort } from "./numbers.ts";
import { swatch } from "./palette.ts";

/** Pattern of the hidden matrices: `model.layers.3.mlp.up_proj.weight` is layer 3, matrix `up`. */
const HIDDEN = /^model\.layers\.(\d+)\.\w+\.(\w+)_proj\.weight$/;
const MATRICES: Readonly<Record<string, string>> = {
  q: "query",
  k: "key",
  v: "value",
  o: "output",
  gate: "gate",
  up: "up",
  down: "down",
};
/** Condition number at which a cell's shade is darkest. */
const WORST = 1e4;

/** Singular values of the moment for the chosen matrix, as a line chart, and condition numbers of all matrices, as tables. */
export class SpectrumView {
  private readonly chart: Chart;
  private readonly tables = create("div");
  private runs: readonly Run[] = [];
  private chosen = "model.layers.0.self_attn.q_proj.weight";
  private readonly buttons = new Map<HTMLButtonElement, { readonly run: Run; readonly parameter: string }>();

  constructor() {
    const left = create("div");
    element("spectra", HTMLElement).append(create("div", "spectra", left, this.tables));
    this.chart = new Chart(left, {
      label: "Line chart of singular values by their index, relative to the largest, on a logarithmic scale.",
      x: "singular value",
      logarithmic: true,
      empty: "Drawn for optimizers that compute singular values: SUMO.",
      format: (value) => value.toPrecision(2),
      formatTick: (value) => (value < 1e-3 ? value.toExponential(0) : String(value)),
    });
  }

  setRuns(runs: readonly Run[]): void {
    this.runs = runs.filter(hasSpectra);
    this.buttons.clear();
    this.tables.replaceChildren(...this.runs.map((run) => this.tableOf(run)));
    this.chart.setLines(this.runs.map(({ optimizer }) => ({ optimizer, kind: "line" })));
    this.update();
  }

  /** Shows the latest spectra. @param all - the runs on the page. */
  refresh(all: readonly Run[]): void {
    if (all.filter(hasSpectra).length === this.runs.length) this.update();
    else this.setRuns(all);
  }

  private update(): void {
    for (const [button, { run, parameter }] of this.buttons) {
      const condition = run.spectra.find((spectrum) => spectrum.parameter === parameter)?.condition;
      if (condition === undefined) continue;
      button.textContent = formatShort(condition);
      button.ariaPressed = String(parameter === this.chosen);
      button.style.setProperty("--depth", String(Math.min(1, Math.log(condition) / Math.log(WORST))));
    }
    if (this.runs.length > 0) this.chart.setColumns(this.columns());
  }

  private columns(): Columns {
    const spectra = this.runs.map(({ spectra }) => spectra.find(({ parameter }) => parameter === this.chosen)?.values);
    const length = Math.max(0, ...spectra.map((values) => values?.length ?? 0));
    const index = Array.from({ length }, (_, i) => i + 1);
    return [
      index,
      ...spectra.map((values) => index.map((i) => (values?.[i - 1] ? values[i - 1]! / values[0]! : null))),
    ];
  }

  private tableOf(run: Run): HTMLElement {
    const layers = Array.from({ length: run.config.model.layers }, (_, layer) => layer);
    const names = Object.keys(MATRICES);
    const caption = create(
      "caption",
      "",
      swatch(run.optimizer),
      ` ${OPTIMIZERS[run.optimizer].title}’s condition numbers`,
    );
    const head = create("tr", "", headCell("col", "layer"), ...names.map((name) => headCell("col", MATRICES[name]!)));
    const rows = layers.map((layer) =>
      create("tr", "", headCell("row", String(layer + 1)), ...names.map((name) => this.cellOf(run, layer, name))),
    );
    const table = create("table", `conditions ${run.optimizer}`, caption, create("thead", "", head));
    table.append(create("tbody", "", ...rows));
    return scrollable("Condition numbers", table);
  }

  private cellOf(run: Run, layer: number, name: string): HTMLTableCellElement {
    const parameter = run.spectra.find((spectrum) => {
      const [, itsLayer, itsName] = HIDDEN.exec(spectrum.parameter) ?? [];
      return Number(itsLayer) === layer && itsName === name;
    })?.parameter;
    if (parameter === undefined) return create("td", "", "–");
    const button = create("button");
    button.type = "button";
    button.addEventListener("click", () => {
      this.chosen = parameter;
      this.update();
    });
    this.buttons.set(button, { run, parameter });
    return create("td", "", button);
  }
}

function hasSpectra({ spectra }: Run): boolean {
  return spectra.length > 0;
}
