import { OPTIMIZERS, TrainingError } from "@sumo/training";
import { Problem } from "./problem.ts";
import { Comparison, extendedRecords, newRecords, type Phase } from "./runs/comparison.ts";
import { choicesOf, modelConfig, SIZES, trainOptions } from "./runs/experiment.ts";
import { hashOf, type Shared, sharedBy } from "./runs/link.ts";
import type { Run, RunRecord } from "./runs/run.ts";
import { formatArchive, parseArchive } from "./storage/archive.ts";
import type { Store } from "./storage/store.ts";
import { BUILT_IN, builtInText, checkedText, checkLength, type Text } from "./text/text.ts";
import { Controls } from "./views/controls.ts";
import { confirmDiscard } from "./views/discard-dialog.ts";
import { download } from "./views/download.ts";
import { ExperimentForm } from "./views/experiment-form.ts";
import { formatWhole } from "./views/numbers.ts";
import { Results } from "./views/results.ts";
import { describe } from "./views/verdict.ts";

/** Controller of the page: connects the form and the buttons to a comparison of runs, and the runs to the results and the store. */
export class Workbench {
  private readonly form = new ExperimentForm(() => this.preview());
  private readonly results = new Results();
  private readonly controls: Controls;
  private readonly store: Store | undefined;
  private comparison: Comparison | undefined;
  private lastPhase: Phase | undefined;
  /** What the link carries that the page was opened with. */
  private shared: Shared | undefined;
  private drawing = false;

  /** @param store - persists runs; without one a reload loses them. */
  constructor(store: Store | undefined) {
    this.store = store;
    this.controls = new Controls(
      {
        run: () => this.run(),
        step: () => this.step(),
        anew: () => this.anew(),
        share: () => this.share(),
        save: () => this.save(),
        open: (file) => this.open(file),
      },
      (error) => this.complain(error),
    );
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.comparison?.save();
    });
    addEventListener("hashchange", () => void this.follow());
    this.preview();
  }

  /** Restores the runs of an earlier visit, or sets up the experiment of the page's link, and enables the buttons. */
  async restore(): Promise<void> {
    if (!(await this.reopened())) {
      this.draw();
      this.controls.say("Ready.");
    }
    await this.follow();
  }

  /** Whether there were runs of an earlier visit, which are now on the page. */
  private async reopened(): Promise<boolean> {
    try {
      const stored = await this.store?.read();
      if (stored === undefined) return false;
      const { step } = this.openRuns(stored.text, stored.records);
      this.controls.say(`Your runs are back, at step ${formatWhole(step)}.`);
      return true;
    } catch (error) {
      this.complain(error);
      return false;
    }
  }

  /** Sets up what the address says; runs on the page stay, until the user puts them away. */
  private async follow(): Promise<void> {
    try {
      this.shared = sharedBy(location.hash);
      if (this.shared === undefined) return;
      if (this.comparison !== undefined) {
        this.controls.say("Your own runs stay. For the experiment of the link, press New experiment.");
        return;
      }
      this.form.show(this.shared.experiment, await builtInText());
      this.preview();
      this.controls.say("Ready: the experiment of the link. Start trains it.");
    } catch (error) {
      this.complain(error);
    }
  }

  private async run(): Promise<void> {
    if (this.comparison?.phase === "running") return this.comparison.pause();
    const comparison = await this.ready();
    comparison.go();
    this.draw();
  }

  private async step(): Promise<void> {
    const comparison = await this.ready();
    comparison.stepOnce();
    this.draw();
  }

  /** The comparison to train: the one on the page, extended if it is finished, or a new one from the form. */
  private async ready(): Promise<Comparison> {
    if (this.comparison === undefined) return this.start();
    if (this.comparison.phase !== "finished") return this.comparison;
    return this.replace(this.comparison.text, extendedRecords(this.comparison.records()));
  }

  private async start(): Promise<Comparison> {
    const experiment = this.form.checked();
    const text = await this.form.text();
    checkLength(text, SIZES[experiment.size].context);
    return this.replace(text, newRecords(experiment, text));
  }

  /** Opens runs in place of those on the page and in the store. */
  private async replace(text: Text, records: readonly RunRecord[]): Promise<Comparison> {
    const comparison = this.openRuns(text, records);
    await this.stored(this.store?.replace({ text, records }));
    return comparison;
  }

  private async anew(): Promise<void> {
    if (!(await confirmDiscard())) return;
    this.comparison?.dispose();
    this.comparison = undefined;
    await this.store?.clear();
    this.form.enabled = true;
    this.setRuns([]);
    this.preview();
    this.controls.say("Ready.");
    await this.follow();
  }

  private async share(): Promise<void> {
    const experiment = this.form.checked();
    const { source } = this.comparison?.text ?? (await this.form.text());
    if (source !== BUILT_IN) throw new Problem("A link does not carry your text. Save the runs to a file instead.");
    const link = new URL(hashOf({ experiment, losses: this.comparison?.losses ?? new Map() }), location.href);
    await navigator.clipboard.writeText(link.href).catch((cause: unknown) => {
      throw new Problem("This browser does not let the page copy.", { cause });
    });
    this.controls.say("Link copied: whoever opens it finds this experiment.");
  }

  private async save(): Promise<void> {
    const { comparison } = this;
    if (comparison === undefined) return;
    const wasRunning = comparison.phase === "running";
    comparison.pause();
    await comparison.stopped();
    const name = `sumo-step-${comparison.step}.zip`;
    download(name, formatArchive(comparison.records(), comparison.text));
    this.controls.say(`Saved as ${name}.`);
    if (wasRunning) comparison.go();
  }

  private async open(file: File): Promise<void> {
    const { records, text: carried } = parseArchive(new Uint8Array(await file.arrayBuffer()), file.name);
    const text = await this.textOf(records[0]!, carried);
    if (this.comparison !== undefined && !(await confirmDiscard())) return;
    const { step } = await this.replace(text, records);
    this.controls.say(`Opened ${file.name}, at step ${formatWhole(step)}.`);
  }

  /** Finds a run's text in the file, on the page or in the form. @throws {Problem} if none has it. */
  private async textOf({ config: { data } }: RunRecord, carried: Text | undefined): Promise<Text> {
    if (carried !== undefined) return checkedText(carried, data.digest);
    if (data.source === BUILT_IN) return checkedText(await builtInText(), data.digest);
    const chosen = await this.form.text().catch(() => undefined);
    if (chosen?.source !== BUILT_IN && chosen !== undefined) return checkedText(chosen, data.digest);
    throw new Problem(
      `This run learned from ${data.source}, which is not in the file. In a new experiment choose that text under “My own”, then open the run.`,
    );
  }

  private openRuns(text: Text, records: readonly RunRecord[]): Comparison {
    this.comparison?.dispose();
    const comparison = new Comparison(text, records, {
      changed: (run) => this.changed(run),
      saved: (run) => this.keep(run),
    });
    this.comparison = comparison;
    this.lastPhase = comparison.phase;
    this.form.enabled = false;
    const options = records.map(({ config }) => config.options);
    this.form.show(choicesOf(options), text);
    this.setRuns(comparison.runs);
    this.results.showMemory(records[0]!.config.model, options);
    return comparison;
  }

  private setRuns(runs: readonly Run[]): void {
    this.results.setRuns(runs);
    this.draw();
  }

  private keep(run: Run): void {
    const place = this.comparison?.runs.indexOf(run) ?? -1;
    if (place >= 0) void this.stored(this.store?.update(run.record(), place));
  }

  /** Awaits a write to the store. Shows a failure, which does not stop the training. */
  private async stored(write: Promise<void> | undefined): Promise<void> {
    try {
      await write;
    } catch (error) {
      const { message, name } = error as Error;
      const why = message || name; // a QuotaExceededError has no message
      this.controls.complain(`The browser could not keep the run for a reload (${why}). Save it to a file instead.`);
    }
  }

  private changed(run: Run): void {
    if (run.problem !== undefined) this.controls.complain(`${OPTIMIZERS[run.optimizer].title} stopped: ${run.problem}`);
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.draw();
    });
  }

  private draw(): void {
    const { comparison } = this;
    this.controls.show(comparison?.phase, comparison?.step ?? 0, comparison?.steps ?? 1);
    if (comparison === undefined) return;
    const { phase } = comparison;
    if (phase !== this.lastPhase) this.controls.say(describe(comparison, phase, this.shared?.losses));
    this.lastPhase = phase;
    this.results.update(comparison.runs);
  }

  /** Shows the planned memory of the chosen optimizers. */
  private preview(): void {
    const { experiment } = this.form;
    if (this.comparison !== undefined || experiment === undefined) return;
    const options = experiment.entrants.map((entrant) => trainOptions(experiment, entrant, BUILT_IN));
    this.results.showMemory(modelConfig(experiment.size), options);
  }

  private complain(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    const expected = error instanceof Problem || error instanceof TrainingError;
    this.controls.complain(expected ? words : `Something went wrong: ${words}`);
    if (!expected) console.error(error);
  }
}
