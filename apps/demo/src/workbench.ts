import { TrainerError } from "@sumo/trainer/training";
import { formatArchive, parseArchive } from "./archive.ts";
import { Comparison, extendedRecords, newRecords, type Phase } from "./comparison.ts";
import { Controls } from "./controls.ts";
import { confirmDiscard } from "./discard-dialog.ts";
import { download } from "./download.ts";
import { choicesOf, modelConfig, SIZES, trainOptions } from "./experiment.ts";
import { ExperimentForm } from "./experiment-form.ts";
import { MemoryBars } from "./memory-bars.ts";
import { formatWhole } from "./numbers.ts";
import { LOOKS } from "./palette.ts";
import { Problem } from "./problem.ts";
import type { Run, RunRecord } from "./run.ts";
import { SampleView } from "./sample-view.ts";
import { Scoreboard } from "./scoreboard.ts";
import { SpectrumView } from "./spectrum-view.ts";
import { StepCharts } from "./step-charts.ts";
import type { Store } from "./store.ts";
import { BUILT_IN, builtInText, checkedText, checkLength, type Text } from "./text.ts";
import { describe } from "./verdict.ts";

/** The page at work: what the buttons do to the runs, and what the runs show. */
export class Workbench {
  private readonly form = new ExperimentForm(() => this.preview());
  private readonly scoreboard = new Scoreboard();
  private readonly charts = new StepCharts();
  private readonly memory = new MemoryBars();
  private readonly spectra = new SpectrumView();
  private readonly samples = new SampleView();
  private readonly controls: Controls;
  private readonly store: Store | undefined;
  private comparison: Comparison | undefined;
  private lastPhase: Phase | undefined;
  private drawing = false;

  /** @param store - where runs outlive a reload; without one they do not. */
  constructor(store: Store | undefined) {
    this.store = store;
    this.controls = new Controls(
      {
        run: () => this.run(),
        step: () => this.step(),
        anew: () => this.anew(),
        save: () => this.save(),
        open: (file) => this.open(file),
      },
      (error) => this.complain(error),
    );
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.comparison?.save();
    });
    this.preview();
  }

  /** Takes up what an earlier visit left; the buttons work from then on. */
  async restore(): Promise<void> {
    try {
      const kept = await this.store?.read();
      if (kept !== undefined) {
        const { step } = this.begin(kept.text, kept.records);
        this.controls.say(`Your runs are back, at step ${formatWhole(step)}.`);
        return;
      }
    } catch (error) {
      this.complain(error);
    }
    this.draw();
    this.controls.say("Ready.");
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

  /** Runs that have steps to make: those on the page, with more steps if they are finished, or those that the form describes. */
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

  /** Puts these runs onto the page and into the store. */
  private async replace(text: Text, records: readonly RunRecord[]): Promise<Comparison> {
    const comparison = this.begin(text, records);
    await this.kept(this.store?.replace({ text, records }));
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

  /** The text that a run learned from. @throws {Problem} if it is not at hand. */
  private async textOf({ config: { data } }: RunRecord, carried: Text | undefined): Promise<Text> {
    if (carried !== undefined) return checkedText(carried, data.digest);
    if (data.source === BUILT_IN) return checkedText(await builtInText(), data.digest);
    const chosen = await this.form.text().catch(() => undefined);
    if (chosen?.source !== BUILT_IN && chosen !== undefined) return checkedText(chosen, data.digest);
    throw new Problem(
      `This run learned from ${data.source}, which is not in the file. In a new experiment choose that text under “My own”, then open the run.`,
    );
  }

  private begin(text: Text, records: readonly RunRecord[]): Comparison {
    this.comparison?.dispose();
    const comparison = new Comparison(text, records, {
      changed: (run) => this.changed(run),
      saved: (run) => this.keep(run),
    });
    this.comparison = comparison;
    this.lastPhase = comparison.phase;
    this.form.enabled = false;
    this.form.show(choicesOf(records.map(({ config }) => config.options)), text.source);
    this.setRuns(comparison.runs);
    const { model } = records[0]!.config;
    this.memory.show(
      model,
      records.map(({ config }) => config.options),
    );
    return comparison;
  }

  private setRuns(runs: readonly Run[]): void {
    this.scoreboard.setRuns(runs);
    this.charts.setRuns(runs);
    this.spectra.setRuns(runs);
    this.samples.setRuns(runs);
    this.draw();
  }

  private keep(run: Run): void {
    const place = this.comparison?.runs.indexOf(run) ?? -1;
    if (place >= 0) void this.kept(this.store?.update(run.record(), place));
  }

  /** Training goes on where the browser keeps nothing. */
  private async kept(write: Promise<void> | undefined): Promise<void> {
    try {
      await write;
    } catch (error) {
      const why = (error as Error).message;
      this.controls.complain(`The browser could not keep the run for a reload (${why}). Save it to a file instead.`);
    }
  }

  private changed(run: Run): void {
    if (run.problem !== undefined) this.controls.complain(`${LOOKS[run.optimizer].label} stopped: ${run.problem}`);
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
    for (const run of comparison.runs) this.scoreboard.update(run);
    this.charts.update();
    this.spectra.refresh(comparison.runs);
    this.samples.update();
    const { phase } = comparison;
    if (phase !== this.lastPhase) this.controls.say(describe(comparison, phase));
    this.lastPhase = phase;
  }

  /** The memory that the chosen optimizers would take. */
  private preview(): void {
    const { experiment } = this.form;
    if (this.comparison !== undefined || experiment === undefined) return;
    const options = experiment.entrants.map((entrant) => trainOptions(experiment, entrant, BUILT_IN));
    this.memory.show(modelConfig(experiment.size), options);
  }

  private complain(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    const expected = error instanceof Problem || error instanceof TrainerError;
    this.controls.complain(expected ? words : `Something went wrong: ${words}`);
    if (!expected) console.error(error);
  }
}
