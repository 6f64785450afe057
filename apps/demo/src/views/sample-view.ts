import { OPTIMIZERS } from "@sumo/training";
import type { Run } from "../runs/run.ts";
import { create, element } from "./element.ts";
import { swatch } from "./palette.ts";

/** Samples of the models after a step that a slider chooses. */
export class SampleView {
  private readonly slider = create("input");
  private readonly moment = create("label", "moment");
  private readonly texts = create("div", "samples");
  private runs: readonly Run[] = [];
  /** Whether the latest samples are shown; `false` once the slider is moved back. */
  private following = true;

  constructor() {
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.addEventListener("input", () => {
      this.following = this.slider.value === this.slider.max;
      this.update();
    });
    this.moment.append("from the beginning", this.slider, "to now");
    element("samples", HTMLElement).append(this.moment, this.texts);
    this.setRuns([]);
  }

  setRuns(runs: readonly Run[]): void {
    this.runs = runs;
    this.following = true;
    this.texts.replaceChildren(...runs.map(emptySample));
    this.update();
  }

  update(): void {
    const most = Math.max(0, ...this.runs.map(({ history }) => history.samples.length - 1));
    this.moment.hidden = most === 0;
    this.slider.max = String(most);
    if (this.following) this.slider.value = String(most);
    const place = this.slider.valueAsNumber;
    this.slider.ariaValueText = `sample ${place + 1} of ${most + 1}`;
    this.runs.forEach(({ history: { samples }, optimizer }, i) => {
      const sample = samples[Math.min(place, samples.length - 1)];
      if (sample === undefined) return;
      const [title, text] = this.texts.children[i]!.children;
      title!.lastChild!.textContent = ` ${OPTIMIZERS[optimizer].title} after ${sample.step} steps`;
      if (text!.textContent !== sample.text) text!.textContent = sample.text;
    });
  }
}

function emptySample({ optimizer }: Run): HTMLElement {
  const title = create("h3", "", swatch(optimizer), ` ${OPTIMIZERS[optimizer].title}`);
  return create("article", optimizer, title, create("blockquote"));
}
