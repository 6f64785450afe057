import { basename, relative } from "node:path";
import { setImmediate as pause } from "node:timers/promises";
import { type LogLine, runTrainingLoop, type SampleOptions, sampleText, type TrainingCallbacks } from "@sumo/training";
import colors from "picocolors";
import { writeCheckpoint } from "../run/checkpoint-files.ts";
import { openLog, readLog, rewindLog } from "../run/log-file.ts";
import { logPath } from "../run/run-folder.ts";
import { formatFinalLoss } from "../screen/format.ts";
import { showProgress } from "../screen/progress.ts";
import { type Screen, showFacts } from "../screen/screen.ts";
import { catchInterrupt } from "./interrupt.ts";
import type { ReadyRun } from "./ready-run.ts";
import { summarize } from "./summary.ts";

/**
 * Trains a run to its end, writes its log and checkpoints, and prints progress, the final loss and a sample.
 *
 * @param runs - folder of runs, for the commands that are printed.
 * @returns the exit code.
 */
export async function trainRun(run: ReadyRun, runs: string, sample: SampleOptions, screen: Screen): Promise<number> {
  const { folder, options, trainer } = run;
  const place = relative(process.cwd(), folder) || folder;
  const resume = `npx -y pnpm@12.21.0 train ${runs === "runs" ? "" : `--runs ${runs} `}--resume ${basename(folder)}`;
  const earlier = rewindLog(logPath(folder), trainer.step === 0 ? -1 : trainer.step);
  showFacts(screen, summarize(run, place));
  screen.write("\n");
  const interrupt = catchInterrupt(() => screen.write(colors.yellow("\nstopping …\n")));
  try {
    const outcome = await trainWithLog(run, earlier, interrupt.signal, screen);
    if (outcome === "interrupted") {
      screen.write(`\nsaved at step ${trainer.step} of ${options.steps} in ${place}; go on with\n  ${resume}\n`);
      return interrupt.exitCode;
    }
  } finally {
    interrupt.release();
  }
  showResult(run, sample, screen);
  showFacts(screen, [
    ["model", `${place}/model.safetensors, with config.json, tokenizer.json and optimizer.safetensors beside it`],
    ["log", `${place}/log.jsonl`],
    ["more text", `npx -y pnpm@12.21.0 train --sample ${basename(folder)} --prompt "..."`],
    ["more steps", `${resume} --steps ${2 * options.steps}`],
  ]);
  return 0;
}

/** Runs the training loop with the run's log, its checkpoints and a progress display. */
async function trainWithLog(
  { folder, options, trainer }: ReadyRun,
  earlier: readonly LogLine[],
  signal: AbortSignal,
  screen: Screen,
): Promise<"finished" | "interrupted"> {
  const log = openLog(logPath(folder));
  const progress = showProgress(screen, options.steps, trainer.step);
  const callbacks: TrainingCallbacks = {
    logged: (line) => {
      log.write(line);
      progress.logged(line);
    },
    save: () => {
      log.sync(); // first, so that the log has every step that the checkpoint has
      writeCheckpoint(folder, trainer.save());
      progress.saved(trainer.step);
    },
  };
  try {
    const secondsBefore = earlier.at(-1)?.seconds ?? 0;
    return await runTrainingLoop({ trainer, options, callbacks, signal, secondsBefore, pause });
  } finally {
    progress.stop();
    log.close();
  }
}

/** Prints the final loss and a sample. */
function showResult({ folder, trainer, tokenizer, options }: ReadyRun, sample: SampleOptions, screen: Screen): void {
  const final = readLog(logPath(folder)).at(-1)?.final;
  if (final !== undefined) screen.write(`\n${formatFinalLoss(final)}\n`);
  screen.write(`\n${colors.dim("a sample:")}${sample.prompt === "\n" ? "" : "\n"}${sample.prompt}`);
  for (const piece of sampleText(trainer.model, tokenizer, sample, options.seed)) screen.write(piece);
  screen.write("\n\n");
}
