import { type OptimizerName, plan } from "@sumo/core";
import { type LlamaConfig, parameterShapes } from "@sumo/llama";
import { optimizerGroups, type TrainOptions } from "@sumo/trainer/training";
import { create, element, headCell } from "./element.ts";
import { formatBytes, formatShare } from "./numbers.ts";
import { LOOKS, swatch } from "./palette.ts";

/** Bytes of optimizer state. */
interface State {
  readonly hidden: number;
  readonly rest: number;
}

/** What each optimizer's state takes, as planned, beside AdamW's. */
export class MemoryBars {
  private readonly table = create("table", "bars");

  constructor() {
    element("memory", HTMLElement).append(create("div", "scroll", this.table));
  }

  /** @param entrants - one run's options each, all for the same model. */
  show(config: LlamaConfig, entrants: readonly TrainOptions[]): void {
    const first = entrants[0];
    if (first === undefined) return;
    const adamw = stateOf(config, { ...first, optimizer: "adamw" });
    const states = entrants.map((options) => [options.optimizer, stateOf(config, options)] as const);
    const rows = states.some(([optimizer]) => optimizer === "adamw") ? states : [...states, ["adamw", adamw] as const];
    const most = Math.max(...rows.map(([, state]) => total(state)));
    this.table.replaceChildren(
      create("tbody", "", ...rows.map(([optimizer, state]) => rowOf(optimizer, state, adamw, most))),
    );
  }
}

function stateOf(config: LlamaConfig, options: TrainOptions): State {
  const shapes = parameterShapes(config);
  const hidden = new Set(shapes.filter(({ kind }) => kind === "hidden").map(({ name }) => name));
  const { parameters, stateBytes } = plan(shapes, optimizerGroups(options, hidden));
  const own = parameters.filter(({ name }) => hidden.has(name)).reduce((sum, each) => sum + each.stateBytes, 0);
  return { hidden: own, rest: stateBytes - own };
}

function rowOf(optimizer: OptimizerName, state: State, adamw: State, most: number): HTMLTableRowElement {
  const bar = create("div", "bar", bytesBar(state.hidden, most), bytesBar(state.rest, most));
  bar.ariaHidden = "true";
  const wide = create("td", "wide", bar);
  const share =
    optimizer === "adamw"
      ? formatBytes(state.hidden)
      : `${formatBytes(state.hidden)}, ${formatShare(state.hidden / adamw.hidden)}`;
  const name = headCell("row", LOOKS[optimizer].label);
  name.prepend(swatch(optimizer), " ");
  return create("tr", optimizer, name, wide, create("td", "", share));
}

function bytesBar(bytes: number, most: number): HTMLElement {
  const bar = create("i");
  bar.style.width = `${(100 * bytes) / most}%`;
  return bar;
}

function total({ hidden, rest }: State): number {
  return hidden + rest;
}
