import type { OptimizerName } from "@sumo/core";
import type { LlamaConfig } from "@sumo/llama";
import { OPTIMIZERS, planRun, type RunPlan, type TrainOptions } from "@sumo/training";
import { create, element, headCell, scrollable } from "./element.ts";
import { formatBytes, formatShare } from "./numbers.ts";
import { swatch } from "./palette.ts";

/** Bar chart of each optimizer's planned state in bytes, beside AdamW's. */
export class MemoryBars {
  private readonly table = create("table", "bars");

  constructor() {
    element("memory", HTMLElement).append(scrollable("Optimizer memory", this.table));
  }

  /** @param entrants - options of one run each, at least one, all for the same model. */
  show(config: LlamaConfig, entrants: readonly TrainOptions[]): void {
    const withAdamw = entrants.some(({ optimizer }) => optimizer === "adamw")
      ? entrants
      : [...entrants, { ...entrants[0]!, optimizer: "adamw" as const }];
    const plans = withAdamw.map((options) => [options.optimizer, planRun(config, options)] as const);
    const adamw = plans.find(([optimizer]) => optimizer === "adamw")![1];
    const most = Math.max(...plans.map(([, { stateBytes }]) => stateBytes));
    const rows = plans.map(([optimizer, plan]) => rowOf(optimizer, plan, adamw.hiddenStateBytes, most));
    this.table.replaceChildren(create("tbody", "", ...rows));
  }
}

function rowOf(
  optimizer: OptimizerName,
  { stateBytes, hiddenStateBytes }: RunPlan,
  adamwBytes: number,
  most: number,
): HTMLTableRowElement {
  const bar = create("div", "bar", partOf(hiddenStateBytes, most), partOf(stateBytes - hiddenStateBytes, most));
  bar.ariaHidden = "true";
  const share = optimizer === "adamw" ? "" : `, ${formatShare(hiddenStateBytes / adamwBytes)}`;
  return create(
    "tr",
    optimizer,
    headCell("row", swatch(optimizer), ` ${OPTIMIZERS[optimizer].title}`),
    create("td", "wide", bar),
    create("td", "", formatBytes(hiddenStateBytes) + share),
  );
}

function partOf(bytes: number, most: number): HTMLElement {
  const part = create("i");
  part.style.width = `${(100 * bytes) / most}%`;
  return part;
}
