import type { TrainOptions } from "../options/train-options.ts";
import type { LogLine } from "../run-files/log-line.ts";
import type { Trainer } from "./trainer.ts";

/** Callbacks of the training loop. */
export interface TrainingCallbacks {
  /** Called after every step, once before the first with the initial validation loss, and once after the last with the final one. */
  logged(line: LogLine): void;
  /** Called when a checkpoint is due: every `checkpointEvery` steps, after the last one, and when the run is interrupted. */
  save(): void;
}

export interface TrainingLoopOptions {
  readonly trainer: Trainer;
  readonly options: TrainOptions;
  readonly callbacks: TrainingCallbacks;
  /** Interrupts the run after the current step. */
  readonly signal: AbortSignal;
  /** Seconds that the run trained before it was resumed; 0 for a new one. */
  readonly secondsBefore: number;
  /** Awaited after every step, so that pending events are handled, the signal's among them. */
  readonly pause: () => Promise<unknown>;
}

/** Trains until `options.steps` updates are made or the signal aborts. */
export async function runTrainingLoop(loop: TrainingLoopOptions): Promise<"finished" | "interrupted"> {
  const { trainer, options, callbacks, signal } = loop;
  const clock = startClock(loop.secondsBefore);
  if (trainer.step === 0) callbacks.logged(initialLine(trainer, options, clock));
  const save = (): void => {
    trainer.optimizer.compareRanks();
    callbacks.save();
  };
  let interrupted = trainer.onAnyRank(signal.aborted);
  while (trainer.step < options.steps && !interrupted) {
    callbacks.logged(loggedStep(trainer, options, clock));
    if (isDue(trainer.step, options.checkpointEvery, options.steps)) save();
    await loop.pause();
    interrupted = trainer.onAnyRank(signal.aborted);
  }
  if (interrupted) {
    save();
    return "interrupted";
  }
  callbacks.logged(finalLine(trainer, options, clock));
  return "finished";
}

/** Log line of the initial validation loss. @param clock - seconds of training since the run began. */
export function initialLine(trainer: Trainer, options: TrainOptions, clock: () => number): LogLine {
  return {
    step: 0,
    seconds: clock(),
    validation: trainer.evaluate(options.evalTokens).loss,
    ...answersOf(trainer, options),
  };
}

/** Makes one training step, and measures the validation loss where it is due. Returns the log line. @param clock - as {@link initialLine}. */
export function loggedStep(trainer: Trainer, options: TrainOptions, clock: () => number): LogLine {
  const before = performance.now();
  const loss = trainer.trainStep();
  const tokensPerSecond = Math.round((1000 * trainer.tokensPerStep) / (performance.now() - before));
  const measured = isDue(trainer.step, options.evalEvery, options.steps);
  const validation = measured
    ? { validation: trainer.evaluate(options.evalTokens).loss, ...answersOf(trainer, options) }
    : {};
  return { step: trainer.step, seconds: clock(), loss, tokensPerSecond, ...validation };
}

/** Log line of the final validation loss, measured on `finalTokens`. @param clock - as {@link initialLine}. */
export function finalLine(trainer: Trainer, options: TrainOptions, clock: () => number): LogLine {
  const { loss, tokens } = trainer.evaluate(options.finalTokens);
  const natsPerByte = loss / trainer.bytesPerToken;
  return {
    step: trainer.step,
    seconds: clock(),
    ...answersOf(trainer, options),
    final: { validation: loss, tokens, natsPerByte, perplexityPerByte: Math.exp(natsPerByte) },
  };
}

function answersOf(trainer: Trainer, { evalAnswers }: TrainOptions): Pick<LogLine, "exact" | "accuracy"> {
  if (evalAnswers === undefined) return {};
  const accuracy = trainer.optionAccuracy(evalAnswers);
  return { exact: trainer.exactMatch(evalAnswers), ...(accuracy !== undefined && { accuracy }) };
}

function isDue(step: number, every: number, last: number): boolean {
  return step % every === 0 || step === last;
}

/** Seconds since now, to the millisecond, added to `before`. */
function startClock(before: number): () => number {
  const start = performance.now();
  return () => Math.round(1000 * before + performance.now() - start) / 1000;
}
