import { readResults } from "../evidence/results.ts";

/** Results of `bench/moment-spectrum.js`. */
export interface Spectra {
  readonly machine: string;
  readonly steps: number;
  readonly rank: number;
  readonly refreshEvery: number;
  readonly lr: number;
  /** Validation loss at the end. */
  readonly loss: number;
  /** Recorded steps. */
  readonly recorded: readonly number[];
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: readonly [number, number];
    /** For each recorded step, singular values of the moment, descending. */
    readonly spectra: readonly (readonly number[])[];
  }[];
}

export default {
  watch: ["../../bench/results/moment-spectrum.json"],
  load: ([file]: readonly string[]): Spectra => readResults(file),
};

export declare const data: Spectra;
