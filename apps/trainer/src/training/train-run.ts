import { basename, relative } from "node:path";
import { setImmediate as pause } from "node:timers/promises";
import {
  isSystemError,
  runTrainingLoop,
  type SampleOptions,
  sampleText,
  storageError,
  type TrainingCallbacks,
} from "@sumo/training";
import colors from "picocolors";
import { readManifest, writeCheckpoint } from "../run/checkpoint-files.ts";
import { type Log, openLog, readLog, rewindLog } from "../run/log-file.ts";
import { logPath } from "../run/run-folder.ts";
import { formatFinalLoss, formatShare } from "../screen/format.ts";
import { profileTable } from "../screen/profile-table.ts";
import { showProgress } from "../screen/progress.ts";
import { type Screen, SILENT, showFacts } from "../screen/screen.ts";
import { catchInterrupt } from "./interrupt.ts";
import { startProfile } from "./profile.ts";
import { endTogether, ownError, trafficMeter } from "./ranks.ts";
import type { ReadyRun } from "./ready-run.ts";
import { summarize } from "./summary.ts";

/**
 * Trains a run to its end, writes its log and checkpoints, and prints progress, the final loss and a sample.
 *
 * @param runs - folder of runs, for the commands that are printed.
 * @returns the exit code.
 * @throws {StorageError} if a file cannot be written; says which step is saved.
 */
export async function trainRun(run: ReadyRun, runs: string, sample: SampleOptions, screen: Screen): Promise<number> {
  const { folder, options, trainer, kind } = run;
  const place = relative(process.cwd(), folder) || folder;
  const resume = `npx -y pnpm@12.21.0 train ${runs === "runs" ? "" : `--runs ${quote(runs)} `}--resume ${basename(folder)}`;
  showFacts(screen, summarize(run, place));
  screen.write("\n");
  const interrupt = catchInterrupt(screen, () => screen.write(colors.yellow("\nstopping …\n")));
  try {
    const outcome = await profiled(run, screen, () => trainWithLog(run, interrupt.signal, screen));
    if (outcome === "interrupted") {
      const saved = `saved at step ${trainer.step} of ${options.steps} in ${place}; go on with\n  ${resume}\n`;
      if (screen.closed.aborted) process.stderr.write(`the output was closed: ${saved}`);
      else screen.write(`\n${saved}`);
      endTogether(run.ranks);
      return interrupt.exitCode;
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const { step } = readManifest(folder);
    throw storageError(error, `the run is saved at step ${step} of ${options.steps}`, `go on with ${resume}`);
  } finally {
    interrupt.release();
  }
  showResult(run, sample, screen);
  showFacts(screen, [
    ["model", `${place}/model.safetensors, with config.json, tokenizer.json and optimizer.safetensors beside it`],
    ["log", `${place}/log.jsonl`],
    kind === "examples"
      ? ["talk to it", `npx -y pnpm@12.21.0 train chat ${basename(folder)}`]
      : ["more text", `npx -y pnpm@12.21.0 train --sample ${basename(folder)} --prompt "..."`],
    ["more steps", `${resume} --steps ${2 * options.steps}`],
  ]);
  endTogether(run.ranks);
  return 0;
}

/** Trains on a rank other than 0: the same steps, without files and output. Returns the exit code. */
export async function followRun({
  options,
  trainer,
  ranks,
}: Pick<ReadyRun, "options" | "trainer" | "ranks">): Promise<number> {
  const interrupt = catchInterrupt(SILENT, () => {});
  const save = (): void => {
    if (ranks.shardState) trainer.save(); // sends this rank's part to rank 0
  };
  const callbacks: TrainingCallbacks = { logged() {}, save };
  try {
    await runTrainingLoop({ trainer, options, callbacks, signal: interrupt.signal, secondsBefore: 0, pause });
  } catch (error) {
    throw ownError(error);
  } finally {
    interrupt.release();
  }
  endTogether(ranks);
  return interrupt.exitCode;
}

/** Trains, and shows where the steps spent their time if the run is to be profiled. */
async function profiled<T>(
  { profile, trainer, threads }: ReadyRun,
  screen: Screen,
  train: () => Promise<T>,
): Promise<T> {
  if (!profile) return train();
  const first = trainer.step;
  const end = await startProfile();
  const outcome = await train();
  const rows = await end();
  const steps = trainer.step - first;
  const where = threads === 1 ? "" : `, on the first of ${threads} threads`;
  if (rows.length > 0) screen.write(`\nthe time of ${steps} steps${where}:\n${profileTable(rows, steps)}\n`);
  return outcome;
}

/** Runs the training loop with the run's log, its checkpoints and a progress display. */
async function trainWithLog(run: ReadyRun, signal: AbortSignal, screen: Screen): Promise<"finished" | "interrupted"> {
  const { folder, lock, options, trainer } = run;
  const earlier = rewindLog(logPath(folder), trainer.step === 0 ? -1 : trainer.step);
  const log = openLog(logPath(folder));
  const progress = showProgress(screen, options.steps, trainer.step);
  const traffic = trafficMeter(run.ranks);
  const callbacks: TrainingCallbacks = {
    logged: (measured) => {
      const line = { ...measured, ...traffic() };
      lock.check();
      log.write(line);
      progress.logged(line);
    },
    save: () => {
      lock.check();
      log.sync(); // first, so that the log has every step that the checkpoint has
      save(run, log);
      progress.saved(trainer.step);
    },
  };
  try {
    const secondsBefore = earlier.at(-1)?.seconds ?? 0;
    const outcome = await runTrainingLoop({ trainer, options, callbacks, signal, secondsBefore, pause });
    log.sync();
    return outcome;
  } catch (error) {
    // A state that is divided cannot be saved by one rank.
    if (isSystemError(error) && !run.ranks.shardState) trySave(run, log);
    throw error;
  } finally {
    progress.stop();
    log.close();
  }
}

function save({ folder, trainer, digests }: ReadyRun, log: Log): void {
  writeCheckpoint(folder, trainer.save(), { ...digests, log: log.extent });
}

/** Saves after a file could not be written, with the log as far as it goes. Where that fails too, the last checkpoint stays. */
function trySave(run: ReadyRun, log: Log): void {
  for (const attempt of [() => log.sync(), () => save(run, log)]) {
    try {
      attempt();
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}

/** A path as a shell takes it. */
function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Prints the final loss, and a sample of a model of plain text. */
function showResult(
  { folder, trainer, tokenizer, options, kind }: ReadyRun,
  sample: SampleOptions,
  screen: Screen,
): void {
  const { final, exact, accuracy } = readLog(logPath(folder)).at(-1) ?? {};
  if (final !== undefined) screen.write(`\n${formatFinalLoss(final)}\n`);
  if (exact !== undefined) screen.write(`${formatShare(exact)} of the held-out answers are exact\n`);
  if (accuracy !== undefined) screen.write(`${formatShare(accuracy)} of the held-out options are chosen right\n`);
  if (kind === "examples") {
    screen.write("\n");
    return;
  }
  screen.write(`\n${colors.dim("a sample:")}${sample.prompt === "\n" ? "" : "\n"}${sample.prompt}`);
  for (const piece of sampleText(trainer.model, tokenizer, sample, options.seed, options.context)) {
    screen.write(piece);
  }
  screen.write("\n\n");
}
