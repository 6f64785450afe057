import type { LlamaConfig } from "@sumo/llama";
import type { TrainOptions } from "@sumo/training";
import type { Run } from "../runs/run.ts";
import { MemoryBars } from "./memory-bars.ts";
import { SampleView } from "./sample-view.ts";
import { Scoreboard } from "./scoreboard.ts";
import { SpectrumView } from "./spectrum-view.ts";
import { StepCharts } from "./step-charts.ts";

/** The results at the page's side: scoreboard, charts, memory, spectra and samples of the runs. */
export class Results {
  private readonly scoreboard = new Scoreboard();
  private readonly charts = new StepCharts();
  private readonly memory = new MemoryBars();
  private readonly spectra = new SpectrumView();
  private readonly samples = new SampleView();

  /** Replaces the runs. */
  setRuns(runs: readonly Run[]): void {
    this.scoreboard.setRuns(runs);
    this.charts.setRuns(runs);
    this.spectra.setRuns(runs);
    this.samples.setRuns(runs);
  }

  /** Draws the latest state of the runs of {@link setRuns}. A view that throws leaves the others alive; then the first error is thrown. */
  update(runs: readonly Run[]): void {
    const views = [
      () => {
        for (const run of runs) this.scoreboard.update(run);
      },
      () => this.charts.update(),
      () => this.spectra.refresh(runs),
      () => this.samples.update(),
    ];
    const errors = views.flatMap((draw) => {
      try {
        draw();
        return [];
      } catch (error) {
        return [error];
      }
    });
    if (errors.length > 0) throw errors[0];
  }

  /** Shows the planned optimizer memory of existing or chosen runs. @param options - one a run, at least one, for the same model. */
  showMemory(model: LlamaConfig, options: readonly TrainOptions[]): void {
    this.memory.show(model, options);
  }
}
