import { dirname } from "node:path";
import { type DataSource, RunError } from "@sumo/training";
import type { Text } from "@sumo/training/text";
import type { Command } from "commander";
import { completeCheckpoint, readCheckpoint } from "../../run/checkpoint-files.ts";
import { readLog } from "../../run/log-file.ts";
import { findRun, logPath, openRun, readCompanions, writeConfig } from "../../run/run-folder.ts";
import { type RunLock, whileLocked } from "../../run/run-lock.ts";
import type { Screen } from "../../screen/screen.ts";
import { checkSame, type Ranks, settingsOf, together, weightsOf } from "../../training/ranks.ts";
import { type DataPlace, prepareData, readRunText } from "../../training/run-data.ts";
import { followRun, trainRun } from "../../training/train-run.ts";
import { createTrainer, threadCount, withWorkerPool } from "../../training/worker-pool.ts";
import { type CliOptions, resumedOptions } from "../cli-options.ts";

/** Resumes a run from its last checkpoint. All of its files are checked before one is changed. Returns the exit code. */
export async function resumeRun(
  cli: CliOptions,
  run: string,
  command: Command,
  screen: Screen,
  ranks: Ranks,
): Promise<number> {
  const folder = await together(ranks, () => findRun(cli.runs, run));
  const resume = (lock: RunLock | undefined) => resumeFolder(cli, { run, folder, lock }, command, screen, ranks);
  return ranks.rank === 0 ? whileLocked(folder, resume) : resume(undefined);
}

/** @param lock - `undefined` on ranks other than 0, which change no files. */
async function resumeFolder(
  cli: CliOptions,
  { run, folder, lock }: { readonly run: string; readonly folder: string; readonly lock: RunLock | undefined },
  command: Command,
  screen: Screen,
  ranks: Ranks,
): Promise<number> {
  const { stored, options, sequences, kind, description } = await together(ranks, async () => {
    const stored = openRun(folder);
    const options = resumedOptions(stored.options, command);
    const place = { runs: dirname(folder), screen };
    const text = await readSameText(stored.data, folder, place);
    const companions = readCompanions(folder, stored.origin);
    return { stored, options, ...prepareData(text, options, stored.tokenizer, companions, place) };
  });
  const { data, model, origin } = stored;
  await checkSame(ranks, { [data.source]: [data.digest], ...settingsOf(options, stored.tokenizer, ranks) });
  return withWorkerPool(threadCount(cli.threads, options), async (pool) => {
    const trainer = await together(ranks, async () => {
      const { collective, shardState } = ranks;
      const start = { checkpoint: readCheckpoint(folder), collective, shardState };
      const created = await createTrainer(model, options, sequences, pool, start);
      refuseFinished(run, folder, created.step, options.steps);
      return created;
    });
    await checkSame(ranks, weightsOf(trainer));
    if (lock === undefined) return followRun({ options, trainer, ranks });
    completeCheckpoint(folder);
    writeConfig(folder, { options, data, model, ...(origin && { origin }) });
    const facts = { kind, description, threads: pool.threads, ranks, profile: cli.profile === true };
    return trainRun({ ...stored, ...facts, options, folder, lock, trainer }, cli.runs, cli, screen);
  });
}

/** Reads the text of a run. @throws {RunError} if it has changed since the run began. */
async function readSameText(data: DataSource, folder: string, place: DataPlace): Promise<Text> {
  const text = await readRunText(data.source, folder, place);
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
