import type { OptimizerName } from "@sumo/core";
import type { LlamaConfig } from "@sumo/llama";
import type { TrainOptions } from "@sumo/trainer/training";
import { create, element, headCell } from "./element.ts";
import { formatBytes, formatShare } from "./numbers.ts";
import { type OptimizerPlan, planOptimizer } from "./optimizer-plan.ts";
import { LOOKS, swatch } from "./palette.ts";

/** What each optimizer's state takes, as planned, beside AdamW's. */
export class MemoryBars {
  private readonly table = create("table", "bars");

  constructor() {
    element("memory", HTMLElement).append(create("div", "scroll", this.table));
  }

  /** @param entrants - one run's options each, one at least, all for the same model. */
  show(config: LlamaConfig, entrants: readonly TrainOptions[]): void {
    const withAdamw = entrants.some(({ optimizer }) => optimizer === "adamw")
      ? entrants
      : [...entrants, { ...entrants[0]!, optimizer: "adamw" as const }];
    const plans = withAdamw.map((options) => [options.optimizer, planOptimizer(config, options)] as const);
    const adamw = plans.find(([optimizer]) => optimizer === "adamw")![1];
    const most = Math.max(...plans.map(([, { stateBytes }]) => stateBytes));
    const rows = plans.map(([optimizer, planned]) => rowOf(optimizer, planned, adamw.hiddenBytes, most));
    this.table.replaceChildren(create("tbody", "", ...rows));
  }
}

function rowOf(
  optimizer: OptimizerName,
  { stateBytes, hiddenBytes }: OptimizerPlan,
  adamwBytes: number,
  most: number,
): HTMLTableRowElement {
  const bar = create("div", "bar", partOf(hiddenBytes, most), partOf(stateBytes - hiddenBytes, most));
  bar.ariaHidden = "true";
  const share = optimizer === "adamw" ? "" : `, ${formatShare(hiddenBytes / adamwBytes)}`;
  return create(
    "tr",
    optimizer,
    headCell("row", swatch(optimizer), ` ${LOOKS[optimizer].label}`),
    create("td", "wide", bar),
    create("td", "", formatBytes(hiddenBytes) + share),
  );
}

function partOf(bytes: number, most: number): HTMLElement {
  const part = create("i");
  part.style.width = `${(100 * bytes) / most}%`;
  return part;
}
