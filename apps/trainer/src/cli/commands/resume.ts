import { dirname } from "node:path";
import { type DataSource, RunError } from "@sumo/training";
import type { Text } from "@sumo/training/text";
import type { Command } from "commander";
import { completeCheckpoint, readCheckpoint } from "../../run/checkpoint-files.ts";
import { readLog } from "../../run/log-file.ts";
import { findRun, logPath, openRun, readCompanions, writeConfig } from "../../run/run-folder.ts";
import { whileLocked } from "../../run/run-lock.ts";
import type { Screen } from "../../screen/screen.ts";
import { type DataPlace, prepareData, readRunText } from "../../training/run-data.ts";
import { trainRun } from "../../training/train-run.ts";
import { createTrainer, threadCount, withWorkerPool } from "../../training/worker-pool.ts";
import { type CliOptions, resumedOptions } from "../cli-options.ts";

/** Resumes a run from its last checkpoint. All of its files are checked before one is changed. Returns the exit code. */
export async function resumeRun(cli: CliOptions, run: string, command: Command, screen: Screen): Promise<number> {
  const folder = findRun(cli.runs, run);
  return whileLocked(folder, (lock) => {
    const stored = openRun(folder);
    const { data, model, tokenizer, origin } = stored;
    const options = resumedOptions(stored.options, command);
    const place = { runs: dirname(folder), screen };
    const text = readSameText(data, folder, place);
    const { sequences, kind, description } = prepareData(
      text,
      options,
      tokenizer,
      readCompanions(folder, origin),
      place,
    );
    return withWorkerPool(threadCount(cli.threads, options), async (pool) => {
      const trainer = await createTrainer(model, options, sequences, pool, { checkpoint: readCheckpoint(folder) });
      refuseFinished(run, folder, trainer.step, options.steps);
      completeCheckpoint(folder);
      writeConfig(folder, { options, data, model, ...(origin && { origin }) });
      const ready = {
        ...stored,
        options,
        folder,
        lock,
        kind,
        description,
        trainer,
        threads: pool.threads,
      };
      return trainRun(ready, cli.runs, cli, screen);
    });
  });
}

/** Reads the text of a run. @throws {RunError} if it has changed since the run began. */
function readSameText(data: DataSource, folder: string, place: DataPlace): Text {
  const text = readRunText(data.source, folder, place);
  if (text.digest === data.digest) return text;
  throw new RunError(
    `${data.source} has changed since the run began (it had ${data.bytes} bytes): start a new run instead`,
  );
}

/** @throws {RunError} if the run has no step left to make. */
function refuseFinished(run: string, folder: string, step: number, steps: number): void {
  const closed = readLog(logPath(folder)).some((line) => line.final !== undefined && line.step === step);
  if (step > steps || (step === steps && closed)) {
    throw new RunError(`${run} has made all of its ${step} steps; give it more to go on: --steps ${2 * step}`);
  }
}
