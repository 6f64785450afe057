import { setImmediate as pause } from "node:timers/promises";
import { plan } from "@sumo/core";
import type { Engine } from "@sumo/linalg";
import type { Beginning } from "./beginning.ts";
import type { Contestant } from "./contestants.ts";
import { type Crew, openSession } from "./crew.ts";
import { DivergedError } from "./errors.ts";
import type { LogLine } from "./log-line.ts";
import { optimizerGroups, peakRate } from "./optimizer-groups.ts";
import { hiddenNames } from "./session.ts";
import { train } from "./train.ts";
import { loadWeights } from "./weights.ts";

/** One training run of a comparison. */
export interface Trial {
  readonly label: string;
  readonly lr: number;
  readonly seed: number;
  readonly lines: readonly LogLine[];
  /** The closing measurement in nats per byte; infinite if the run diverged. */
  readonly loss: number;
  /** Bytes of optimizer state for the hidden matrices, and in all. */
  readonly hiddenState: number;
  readonly state: number;
}

export interface TrialContext {
  readonly contestant: Contestant;
  readonly beginning: Beginning;
  readonly crew: Crew;
  readonly engine: Engine;
  readonly logged: (line: LogLine) => void;
  readonly signal: AbortSignal;
}

/** Trains one contestant from the first step to the last. A run that diverges is a result; `undefined` if the signal stopped it. */
export async function runTrial({
  contestant,
  beginning,
  crew,
  engine,
  logged,
  signal,
}: TrialContext): Promise<Trial | undefined> {
  const { label, options } = contestant;
  const { model, corpus, weights } = beginning;
  const session = await openSession(model, options, corpus, crew, engine);
  if (weights !== undefined) loadWeights(session.model, weights);
  const hidden = hiddenNames(session.model);
  const planned = plan(session.model.parameters, optimizerGroups(options, hidden));
  const own = planned.parameters.filter(({ name }) => hidden.has(name));
  const lines: LogLine[] = [];
  const watcher = {
    logged: (line: LogLine): void => {
      lines.push(line);
      logged(line);
    },
    save: (): void => {},
  };
  try {
    if ((await train({ session, options, watcher, signal, secondsBefore: 0, pause })) === "interrupted")
      return undefined;
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
  } finally {
    session.dispose();
  }
  return {
    label,
    lr: peakRate(options),
    seed: options.seed,
    lines,
    loss: lines.at(-1)?.final?.natsPerByte ?? Number.POSITIVE_INFINITY,
    hiddenState: own.reduce((sum, { stateBytes }) => sum + stateBytes, 0),
    state: planned.stateBytes,
  };
}
