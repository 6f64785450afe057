import type { Command } from "commander";
import { begin } from "../beginning.ts";
import { hasCheckpoint, readCheckpoint, writeCheckpoint } from "../checkpoint.ts";
import { createCorpus } from "../corpus.ts";
import { openSession, threadsFor, withCrew } from "../crew.ts";
import { digest, readText, type Text } from "../data.ts";
import { RunError } from "../errors.ts";
import { follow } from "../follow.ts";
import { readLog } from "../log.ts";
import { peakRate } from "../optimizer-groups.ts";
import { type CliOptions, resumedOptions, trainOptions } from "../options.ts";
import type { DataSource } from "../run-config.ts";
import { createRun, findRun, logPath, readRun, writeConfig } from "../run-folder.ts";
import { whileLocked } from "../run-lock.ts";
import type { Screen } from "../terminal.ts";
import { loadWeights } from "../weights.ts";

/** Starts a new run. Returns the exit code. Everything is checked before the run's folder is made. */
export async function startRun(cli: CliOptions, base: string, screen: Screen): Promise<number> {
  const asked = trainOptions(cli);
  const { text, data, tokenizer, corpus, model, weights } = begin(asked, cli.runs, base);
  const options = { ...asked, data: data.source, lr: peakRate(asked) }; // whatever the defaults become
  return withCrew(threadsFor(cli.threads, options), async (crew) => {
    const session = await openSession(model, options, corpus, crew);
    if (weights !== undefined) loadWeights(session.model, weights);
    const config = { options, data, model };
    const folder = createRun(cli.runs, cli.name, `${text.name}-${options.optimizer}`, config, tokenizer);
    return whileLocked(folder, () => {
      if (weights !== undefined) writeCheckpoint(folder, session.save()); // a resumed run needs the model's folder no more
      return follow({ folder, text, options, tokenizer, session, threads: crew.threads }, cli, screen);
    });
  });
}

/** Goes on with a run from its last checkpoint, or from its beginning where it has none yet. Returns the exit code. */
export async function resumeRun(cli: CliOptions, run: string, command: Command, screen: Screen): Promise<number> {
  const folder = findRun(cli.runs, run);
  const { options: saved, data, model, tokenizer } = readRun(folder);
  const options = resumedOptions(saved, command);
  const text = readSameText(data, folder);
  const corpus = createCorpus(text.bytes, tokenizer, options.context);
  return whileLocked(folder, () =>
    withCrew(threadsFor(cli.threads, options), async (crew) => {
      const session = await openSession(model, options, corpus, crew);
      if (hasCheckpoint(folder)) session.load(readCheckpoint(folder));
      refuseFinished(run, folder, session.step, options.steps);
      writeConfig(folder, { options, data, model });
      return follow({ folder, text, options, tokenizer, session, threads: crew.threads }, cli, screen);
    }),
  );
}

/** The text that a run was begun with. @throws {RunError} if it has changed since. */
function readSameText(data: DataSource, folder: string): Text {
  const text = readText(data.source, folder);
  if (digest(text.bytes) === data.digest) return text;
  throw new RunError(
    `${data.source} has changed since the run began (it had ${data.bytes} bytes): start a new run instead`,
  );
}

/** @throws {RunError} if nothing is left to do. */
function refuseFinished(run: string, folder: string, step: number, steps: number): void {
  const closed = readLog(logPath(folder)).some((line) => line.final !== undefined && line.step === step);
  if (step > steps || (step === steps && closed)) {
    throw new RunError(`${run} has made all of its ${step} steps; give it more to go on: --steps ${2 * step}`);
  }
}
