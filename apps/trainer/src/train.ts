import type { LogLine } from "./log-line.ts";
import type { TrainOptions } from "./options.ts";
import type { Session } from "./session.ts";

/** Told about a run as it goes. */
export interface Watcher {
  /** After every step, once before the first with the loss that the run begins with, and once after the last with the closing measurement. */
  logged(line: LogLine): void;
  /** It is time to save the session: after so many steps, after the last one, and when the run is stopped. */
  save(): void;
}

export interface TrainContext {
  readonly session: Session;
  readonly options: TrainOptions;
  readonly watcher: Watcher;
  /** Stops the run after the step that is under way. */
  readonly signal: AbortSignal;
  /** Seconds that earlier sittings took. */
  readonly secondsBefore: number;
  /** Lets events in between two steps, the signal's among them. */
  readonly pause: () => Promise<unknown>;
}

/** Trains until `options.steps` updates are made or the signal stops it. Returns whether it got to the end. */
export async function train(context: TrainContext): Promise<"finished" | "interrupted"> {
  const { session, options, watcher, signal } = context;
  const clock = startClock(context.secondsBefore);
  if (session.step === 0) {
    watcher.logged({ step: 0, seconds: clock(), validation: session.evaluate(options.evalTokens).loss });
  }
  while (session.step < options.steps && !signal.aborted) {
    watcher.logged(trainStep(session, options, clock));
    if (due(session.step, options.checkpointEvery, options.steps)) watcher.save();
    await context.pause();
  }
  if (signal.aborted) {
    watcher.save();
    return "interrupted";
  }
  watcher.logged(closingLine(session, options, clock));
  return "finished";
}

/** One step, and the measurement that is due after it. @param clock - seconds since the run began. */
export function trainStep(session: Session, options: TrainOptions, clock: () => number): LogLine {
  const before = performance.now();
  const loss = session.train();
  const tokensPerSecond = Math.round((1000 * session.tokensPerStep) / (performance.now() - before));
  const measured = due(session.step, options.evalEvery, options.steps);
  const validation = measured ? { validation: session.evaluate(options.evalTokens).loss } : {};
  return { step: session.step, seconds: clock(), loss, tokensPerSecond, ...validation };
}

/** The closing measurement, on more text than the ones on the way. */
export function closingLine(session: Session, options: TrainOptions, clock: () => number): LogLine {
  const { loss, tokens } = session.evaluate(options.finalTokens);
  const natsPerByte = loss / session.bytesPerToken;
  return {
    step: session.step,
    seconds: clock(),
    final: { validation: loss, tokens, natsPerByte, perplexityPerByte: Math.exp(natsPerByte) },
  };
}

function due(step: number, every: number, last: number): boolean {
  return step % every === 0 || step === last;
}

/** Seconds since now, to the millisecond, on top of `before`. */
function startClock(before: number): () => number {
  const start = performance.now();
  return () => Math.round(1000 * before + performance.now() - start) / 1000;
}
