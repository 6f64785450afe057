import { basename, relative } from "node:path";
import { setImmediate as pause } from "node:timers/promises";
import colors from "picocolors";
import { writeCheckpoint } from "./checkpoint.ts";
import type { Text } from "./data.ts";
import { catchInterrupt } from "./interrupt.ts";
import { openLog, readLog, rewindLog } from "./log.ts";
import type { LogLine } from "./log-line.ts";
import type { CliOptions, SampleOptions, TrainOptions } from "./options.ts";
import { logPath } from "./run-folder.ts";
import { sampleText } from "./sample.ts";
import type { Session } from "./session.ts";
import { summarize } from "./summary.ts";
import { describeFinal, type Screen, showFacts, showProgress } from "./terminal.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { train, type Watcher } from "./train.ts";

/** A run that is ready to go. */
export interface ReadyRun {
  readonly folder: string;
  readonly text: Text;
  readonly options: TrainOptions;
  readonly tokenizer: Tokenizer;
  readonly session: Session;
  readonly threads: number;
}

/** Trains a run to its end, with all that is said about it on the screen. Returns the exit code. */
export async function follow(run: ReadyRun, cli: CliOptions, screen: Screen): Promise<number> {
  const { folder, options, session } = run;
  const place = relative(process.cwd(), folder) || folder;
  const again = `npx -y pnpm@12.21.0 train ${cli.runs === "runs" ? "" : `--runs ${cli.runs} `}--resume ${basename(folder)}`;
  const earlier = rewindLog(logPath(folder), session.step === 0 ? -1 : session.step);
  showFacts(screen, summarize(run, place));
  screen.write("\n");
  const interrupt = catchInterrupt(() => screen.write(colors.yellow("\nstopping …\n")));
  try {
    const outcome = await watch(run, earlier, interrupt.signal, screen);
    if (outcome === "interrupted") {
      screen.write(`\nsaved at step ${session.step} of ${options.steps} in ${place}; go on with\n  ${again}\n`);
      return interrupt.exitCode;
    }
  } finally {
    interrupt.release();
  }
  showResult(run, cli, screen);
  showFacts(screen, [
    ["model", `${place}/model.safetensors, with config.json, tokenizer.json and optimizer.safetensors beside it`],
    ["log", `${place}/log.jsonl`],
    ["more text", `npx -y pnpm@12.21.0 train --sample ${basename(folder)} --prompt "..."`],
    ["more steps", `${again} --steps ${2 * options.steps}`],
  ]);
  return 0;
}

/** Trains, keeps log and checkpoints, and shows the progress. */
async function watch(
  { folder, options, session }: ReadyRun,
  earlier: readonly LogLine[],
  signal: AbortSignal,
  screen: Screen,
): Promise<"finished" | "interrupted"> {
  const log = openLog(logPath(folder));
  const progress = showProgress(screen, options.steps, session.step);
  const watcher: Watcher = {
    logged: (line) => {
      log.write(line);
      progress.logged(line);
    },
    save: () => {
      log.sync(); // first, so that the log holds every step that the checkpoint has
      writeCheckpoint(folder, session.save());
      progress.saved(session.step);
    },
  };
  try {
    return await train({ session, options, watcher, signal, secondsBefore: earlier.at(-1)?.seconds ?? 0, pause });
  } finally {
    progress.stop();
    log.close();
  }
}

/** The closing measurement and a sample. */
function showResult({ folder, session, tokenizer, options }: ReadyRun, sample: SampleOptions, screen: Screen): void {
  const final = readLog(logPath(folder)).at(-1)?.final;
  if (final !== undefined) screen.write(`\n${describeFinal(final)}\n`);
  screen.write(`\n${colors.dim("a sample:")}${sample.prompt === "\n" ? "" : "\n"}${sample.prompt}`);
  for (const piece of sampleText(session.model, tokenizer, sample, options.seed)) screen.write(piece);
  screen.write("\n\n");
}
