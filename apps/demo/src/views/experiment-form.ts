import type { OptimizerName } from "@sumo/core";
import { OPTIMIZER_NAMES, OPTIMIZERS } from "@sumo/training";
import { Problem } from "../problem.ts";
import {
  DEFAULTS,
  type Entrant,
  type Experiment,
  FIRST_ENTRANTS,
  SIZES,
  type SizeName,
  usualRank,
} from "../runs/experiment.ts";
import { BUILT_IN, builtInText, ownText, type Text } from "../text/text.ts";
import { create, element } from "./element.ts";
import { swatch } from "./palette.ts";

/** Media query under which `page.css` puts the form above the results. */
const NARROW = "(max-width: 60rem)";

interface Row {
  readonly optimizer: OptimizerName;
  readonly chosen: HTMLInputElement;
  readonly lr: HTMLInputElement;
}

/** The form of an experiment: text, model size, optimizers, rank, steps and seed. */
export class ExperimentForm {
  private readonly form = element("experiment", HTMLFormElement);
  private readonly details = element("experiment-details", HTMLDetailsElement);
  private readonly choices = element("choices", HTMLFieldSetElement);
  private readonly builtIn = element("built-in", HTMLInputElement);
  private readonly own = element("own", HTMLInputElement);
  private readonly size = element("size", HTMLSelectElement);
  private readonly rank = element("rank", HTMLInputElement);
  private readonly steps = element("steps", HTMLInputElement);
  private readonly seed = element("seed", HTMLInputElement);
  private readonly file = element("own-file", HTMLInputElement);
  private readonly fileName = element("own-name", HTMLElement);
  private readonly rows: readonly Row[] = OPTIMIZER_NAMES.map(createRow);
  /** The user's text of the runs on the page, or of those that were: their file is not in the browser's field after a reload. */
  private earlier: Text | undefined;
  /** The dropped file; a chosen file is in the browser's field. */
  private dropped: File | undefined;

  /** @param changed - called when a choice changes. */
  constructor(changed: () => void) {
    this.size.append(...Object.entries(SIZES).map(([name, { label }]) => new Option(label, name)));
    this.size.value = DEFAULTS.size;
    this.steps.value = String(DEFAULTS.steps);
    this.seed.value = String(DEFAULTS.seed);
    this.rank.value = String(usualRank(DEFAULTS.size));
    const heads = create("div", "columns", create("span"), create("span", "", "learning rate"));
    heads.ariaHidden = "true";
    element("optimizers", HTMLElement).append(heads, ...this.rows.map(showRow));
    this.boundRank();
    this.size.addEventListener("change", () => {
      this.rank.value = String(usualRank(this.size.value as SizeName));
      this.boundRank();
    });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", changed);
    this.form.addEventListener("change", changed);
    this.file.addEventListener("change", () => this.take(this.file.files?.[0]));
    this.acceptDrops(element("text-drop", HTMLElement));
  }

  /** The current choices; `undefined` while one is invalid. */
  get experiment(): Experiment | undefined {
    const entrants = this.rows.filter(({ chosen }) => chosen.checked).map(entrantOf);
    if (!this.form.checkValidity() || entrants.length === 0) return undefined;
    return {
      size: this.size.value as SizeName,
      entrants,
      rank: this.rank.valueAsNumber,
      steps: this.steps.valueAsNumber,
      seed: this.seed.valueAsNumber,
    };
  }

  /** The current choices. Shows the browser's message at an invalid field. @throws {Problem} if one is invalid. */
  checked(): Experiment {
    if (!this.form.reportValidity()) throw new Problem("One of the numbers is out of range.");
    const { experiment } = this;
    if (experiment === undefined) throw new Problem("Choose at least one optimizer.");
    return experiment;
  }

  /** Reads the chosen text. @throws {Problem} if there is none, or it is not UTF-8. */
  async text(): Promise<Text> {
    if (this.builtIn.checked) return builtInText();
    const file = this.chosenFile;
    if (file === undefined && this.earlier !== undefined) return this.earlier;
    if (file === undefined) throw new Problem("Choose a text file first, or take the built-in text.");
    return ownText(file);
  }

  /** Enables the fields, or disables them during a run, when a narrow screen folds the form. */
  set enabled(enabled: boolean) {
    this.choices.disabled = !enabled;
    this.details.open = enabled || !matchMedia(NARROW).matches;
  }

  /** Sets the fields to the choices of existing runs. */
  show({ size, entrants, rank, steps, seed }: Partial<Experiment>, text: Text): void {
    if (size !== undefined) this.size.value = size;
    this.boundRank();
    if (rank !== undefined) this.rank.value = String(rank);
    if (steps !== undefined) this.steps.value = String(steps);
    if (seed !== undefined) this.seed.value = String(seed);
    for (const { optimizer, chosen, lr } of this.rows) {
      const entrant = entrants?.find((candidate) => candidate.optimizer === optimizer);
      chosen.checked = entrant !== undefined;
      if (entrant !== undefined) lr.value = String(entrant.lr);
    }
    this.choose(text.source === BUILT_IN ? "built-in" : "own");
    if (text.source === BUILT_IN || this.chosenFile !== undefined) return;
    this.earlier = text;
    this.fileName.textContent = text.fileName ?? text.source;
  }

  /** A subspace is no wider than the model. */
  private boundRank(): void {
    this.rank.max = String(SIZES[this.size.value as SizeName].dim);
  }

  private get chosenFile(): File | undefined {
    return this.dropped ?? this.file.files?.[0];
  }

  private choose(text: "built-in" | "own"): void {
    this.builtIn.checked = text === "built-in";
    this.own.checked = text === "own";
  }

  private take(file: File | undefined, dropped?: File): void {
    this.dropped = dropped;
    if (file === undefined) return;
    this.fileName.textContent = file.name;
    this.choose("own");
  }

  private acceptDrops(target: HTMLElement): void {
    const mark = (over: boolean) => (event: DragEvent) => {
      event.preventDefault();
      target.classList.toggle("over", over && !this.choices.disabled);
    };
    target.addEventListener("dragover", mark(true));
    target.addEventListener("dragleave", mark(false));
    target.addEventListener("drop", (event) => {
      mark(false)(event);
      const file = event.dataTransfer?.files[0];
      if (!this.choices.disabled) this.take(file, file);
    });
  }
}

function createRow(optimizer: OptimizerName): Row {
  const chosen = create("input");
  chosen.type = "checkbox";
  chosen.checked = FIRST_ENTRANTS.includes(optimizer);
  const lr = create("input");
  lr.type = "number";
  lr.min = "0.000001";
  lr.max = "10";
  lr.step = "any";
  lr.required = true;
  lr.ariaLabel = `${OPTIMIZERS[optimizer].title}’s learning rate`;
  lr.value = String(OPTIMIZERS[optimizer].smallModelRate);
  return { optimizer, chosen, lr };
}

function showRow({ optimizer, chosen, lr }: Row): HTMLElement {
  const label = create("label", "check", chosen, swatch(optimizer), OPTIMIZERS[optimizer].title);
  return create("div", `optimizer ${optimizer}`, label, lr);
}

function entrantOf({ optimizer, lr }: Row): Entrant {
  return { optimizer, lr: lr.valueAsNumber };
}
