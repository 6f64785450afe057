import { basename, relative } from "node:path";
import { setImmediate as pause } from "node:timers/promises";
import type { Command } from "commander";
import colors from "picocolors";
import { begin } from "../beginning.ts";
import { hasCheckpoint, readCheckpoint, writeCheckpoint } from "../checkpoint.ts";
import { createCorpus } from "../corpus.ts";
import { digest, readText, type Text } from "../data.ts";
import { RunError } from "../errors.ts";
import { catchInterrupt } from "../interrupt.ts";
import { openLog, readLog, rewindLog } from "../log.ts";
import type { LogLine } from "../log-line.ts";
import { type CliOptions, resumedOptions, type SampleOptions, type TrainOptions, trainOptions } from "../options.ts";
import { createRun, findRun, logPath, readRun, writeConfig } from "../run-folder.ts";
import { sampleText } from "../sample.ts";
import { Session } from "../session.ts";
import { summarize } from "../summary.ts";
import { describeFinal, type Screen, showFacts, showProgress } from "../terminal.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { train, type Watcher } from "../train.ts";

/** A run that is ready to go. */
interface ReadyRun {
  readonly folder: string;
  readonly text: Text;
  readonly options: TrainOptions;
  readonly tokenizer: Tokenizer;
  readonly session: Session;
}

/** Starts a new run. Returns the exit code. Everything is checked before the run's folder is made. */
export async function startRun(cli: CliOptions, base: string, screen: Screen): Promise<number> {
  const asked = trainOptions(cli);
  const { text, data, tokenizer, corpus, model } = begin(asked, base);
  const options = { ...asked, data: data.source };
  const session = new Session(model, options, corpus);
  const config = { options, data, model };
  const folder = createRun(cli.runs, cli.name, `${text.name}-${options.optimizer}`, config, tokenizer);
  return follow({ folder, text, options, tokenizer, session }, cli, screen);
}

/** Goes on with a run from its last checkpoint, or from its beginning where it has none yet. Returns the exit code. */
export async function resumeRun(cli: CliOptions, run: string, command: Command, screen: Screen): Promise<number> {
  const folder = findRun(cli.runs, run);
  const { options: saved, data, model, tokenizer } = readRun(folder);
  const options = resumedOptions(saved, command);
  const text = readText(data.source, folder);
  if (digest(text.bytes) !== data.digest) {
    throw new RunError(
      `${data.source} has changed since the run began (it had ${data.bytes} bytes): start a new run instead`,
    );
  }
  const corpus = createCorpus(text.bytes, tokenizer, options.context);
  const session = new Session(model, options, corpus);
  if (hasCheckpoint(folder)) session.load(readCheckpoint(folder));
  refuseFinished(run, folder, session.step, options.steps);
  writeConfig(folder, { options, data, model });
  return follow({ folder, text, options, tokenizer, session }, cli, screen);
}

/** @throws {RunError} if nothing is left to do. */
function refuseFinished(run: string, folder: string, step: number, steps: number): void {
  const closed = readLog(logPath(folder)).some((line) => line.final !== undefined && line.step === step);
  if (step > steps || (step === steps && closed)) {
    throw new RunError(`${run} has made all of its ${step} steps; give it more to go on: --steps ${2 * step}`);
  }
}

/** Trains with everything that is said about it on the screen. */
async function follow(run: ReadyRun, cli: CliOptions, screen: Screen): Promise<number> {
  const { folder, text, options, session } = run;
  const place = relative(process.cwd(), folder) || folder;
  const again = `npx -y pnpm@12.21.0 train ${cli.runs === "runs" ? "" : `--runs ${cli.runs} `}--resume ${basename(folder)}`;
  const earlier = rewindLog(logPath(folder), hasCheckpoint(folder) ? session.step : -1);
  showFacts(screen, summarize(text, options, session, place));
  screen.write("\n");
  const interrupt = catchInterrupt(() =>
    screen.write(colors.yellow("\nstopping after this step; Ctrl-C again to stop at once\n")),
  );
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
