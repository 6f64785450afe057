import type { Line } from "./protocol.ts";

/** A moment at which the model wrote something. */
export interface Sample {
  readonly step: number;
  readonly text: string;
}

/** A measurement on held-out text, on the way. */
interface Measurement {
  readonly step: number;
  readonly validation: number;
}

/** Weight of the past in the running mean of the loss. */
const MEMORY = 0.8;

/** A log as columns for the charts: entry `i` belongs to step `i`. */
export class History {
  readonly lines: Line[] = [];
  readonly loss: (number | null)[] = [];
  readonly mean: (number | null)[] = [];
  readonly validation: (number | null)[] = [];
  readonly captured: (number | null)[] = [];
  /** As `captured`, at the steps at which a subspace was refreshed. */
  readonly refreshed: (number | null)[] = [];
  readonly samples: Sample[] = [];
  readonly measurements: Measurement[] = [];
  refreshes = 0;
  private sum = 0;
  private weight = 0;

  constructor(lines: readonly Line[]) {
    for (const line of lines) this.add(line);
  }

  /** Updates made. */
  get step(): number {
    return this.lines.at(-1)?.step ?? 0;
  }

  add(line: Line): void {
    const { step, loss, validation, captured, refreshes = 0, sample, final } = line;
    this.lines.push(line);
    if (final !== undefined) {
      this.validation[step] = final.validation;
      return;
    }
    this.loss[step] = loss ?? null;
    this.mean[step] = loss === undefined ? null : this.averaged(loss);
    this.validation[step] = validation ?? null;
    this.captured[step] = captured ?? null;
    this.refreshed[step] = refreshes > 0 && captured !== undefined ? captured : null;
    this.refreshes += refreshes;
    if (validation !== undefined) this.measurements.push({ step, validation });
    if (sample !== undefined) this.samples.push({ step, text: sample });
  }

  /** Exponential mean, corrected for its start. */
  private averaged(loss: number): number {
    this.sum = MEMORY * this.sum + loss;
    this.weight = MEMORY * this.weight + 1;
    return this.sum / this.weight;
  }
}
