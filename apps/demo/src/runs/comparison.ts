import type { OptimizerName } from "@sumo/core";
import { createTokenizer, formatTokenizer } from "@sumo/training";
import { dataSource, type Text } from "../text/text.ts";
import { type Experiment, modelConfig, trainOptions } from "./experiment.ts";
import { type Listener, Run, type RunRecord } from "./run.ts";

export type Phase = "running" | "paused" | "finished" | "failed";

/** Comparison: runs on one text, each in a worker of its own. */
export class Comparison {
  readonly text: Text;
  readonly runs: readonly Run[];

  constructor(text: Text, records: readonly RunRecord[], listener: Listener) {
    this.text = text;
    const threads = threadsFor(records);
    this.runs = records.map((record) => new Run(record, text.bytes, threads, listener));
  }

  get phase(): Phase {
    if (this.runs.some(({ running }) => running)) return "running";
    if (this.runs.some(({ over }) => !over)) return "paused";
    return this.runs.some(({ problem }) => problem === undefined) ? "finished" : "failed";
  }

  /** Steps of the run with the fewest. */
  get step(): number {
    return Math.min(...this.runs.map(({ history }) => history.step));
  }

  get steps(): number {
    return Math.max(...this.runs.map(({ config }) => config.options.steps));
  }

  /** The final loss of each run that is finished, and was not extended: a run with the same choices ends with the same one, to the bit. */
  get losses(): Map<OptimizerName, number> {
    return new Map(
      this.runs.flatMap(({ optimizer, history }) => {
        const [final, ...others] = history.lines.flatMap((line) => line.final ?? []);
        return final === undefined || others.length > 0 ? [] : [[optimizer, final.validation] as const];
      }),
    );
  }

  go(): void {
    for (const run of this.runs) run.go();
  }

  /** Makes one step in each run. */
  stepOnce(): void {
    for (const run of this.runs) run.step();
  }

  pause(): void {
    for (const run of this.runs) run.pause();
  }

  save(): void {
    for (const run of this.runs) run.save();
  }

  /** Resolves when no run is training. */
  async stopped(): Promise<void> {
    await Promise.all(this.runs.map((run) => run.stopped()));
  }

  records(): RunRecord[] {
    return this.runs.map((run) => run.record());
  }

  dispose(): void {
    for (const run of this.runs) run.dispose();
  }
}

/** Threads for each run: an equal share of the machine's; one where memory cannot be shared. */
function threadsFor(records: readonly RunRecord[]): number {
  if (!crossOriginIsolated) return 1;
  const sequences = Math.min(...records.map(({ config }) => config.options.batch)); // at least one a thread
  return Math.max(1, Math.min(sequences, Math.floor(navigator.hardwareConcurrency / records.length)));
}

/** Extends finished runs to twice their steps. Their schedules are stretched, as by the command line's `--steps`. */
export function extendedRecords(records: readonly RunRecord[]): RunRecord[] {
  return records.map((record) => {
    const { options } = record.config;
    return { ...record, config: { ...record.config, options: { ...options, steps: 2 * options.steps } } };
  });
}

/** Creates the runs of an experiment. */
export function newRecords(experiment: Experiment, text: Text): RunRecord[] {
  const data = dataSource(text);
  const tokenizer = formatTokenizer(createTokenizer([]));
  return experiment.entrants.map((entrant) => ({
    name: `${text.source.replace(".txt", "")}-${entrant.optimizer}`,
    config: {
      options: trainOptions(experiment, entrant, data.source),
      data,
      model: modelConfig(experiment.size),
    },
    tokenizer,
    lines: [],
    checkpoint: undefined,
  }));
}
