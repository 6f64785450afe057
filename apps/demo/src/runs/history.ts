import type { Line } from "./protocol.ts";

/** A text that the model sampled after a step. */
export interface Sample {
  readonly step: number;
  readonly text: string;
}

/** A validation loss during training. */
interface Measurement {
  readonly step: number;
  readonly validation: number;
}

/** Decay of the exponential moving average of the loss. */
const MEMORY = 0.8;

/** A run's log as columns for charts: entry `i` belongs to step `i`. */
export class History {
  readonly lines: Line[] = [];
  readonly loss: (number | null)[] = [];
  readonly mean: (number | null)[] = [];
  readonly validation: (number | null)[] = [];
  readonly captured: (number | null)[] = [];
  /** `captured` at the steps that refreshed a subspace. */
  readonly refreshed: (number | null)[] = [];
  readonly samples: Sample[] = [];
  readonly measurements: Measurement[] = [];
  refreshes = 0;
  private sum = 0;
  private weight = 0;

  constructor(lines: readonly Line[]) {
    for (const line of lines) this.add(line);
  }

  /** Number of steps. */
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

  /** Exponential moving average, corrected for its initial bias. */
  private averaged(loss: number): number {
    this.sum = MEMORY * this.sum + loss;
    this.weight = MEMORY * this.weight + 1;
    return this.sum / this.weight;
  }
}
