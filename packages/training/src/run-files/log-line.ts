import { RunError } from "../errors.ts";

/** One line of `log.jsonl`. Losses are in nats per token; `step` counts the updates that were made before it was written. */
export interface LogLine {
  readonly step: number;
  /** Seconds of training since the run began; the time between an interruption and its resumption does not count. */
  readonly seconds: number;
  /** Training loss: of the step's batches, before the update. */
  readonly loss?: number;
  readonly tokensPerSecond?: number;
  /** Of a run of several processes: bytes that each sent to be summed, and the share of its time that rank 0 waited for sums, since the last line. */
  readonly sentBytes?: number;
  readonly waited?: number;
  /** Validation loss over evenly spaced sequences. */
  readonly validation?: number;
  /** Share of held-out examples that the model answers exactly, always taking the likeliest token. */
  readonly exact?: number;
  /** Share of held-out examples with options of which the model finds the right one the likeliest. */
  readonly accuracy?: number;
  /** The final validation loss. */
  readonly final?: FinalLoss;
}

/** The validation loss after the last step, on more tokens than those during training. */
export interface FinalLoss {
  /** Nats per token. */
  readonly validation: number;
  readonly tokens: number;
  /** Nats per byte of text, comparable across vocabularies. */
  readonly natsPerByte: number;
  readonly perplexityPerByte: number;
}

/** Formats a line of the log. */
export function formatLine(line: LogLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Parses a log. An incomplete last line is left out. @param path - for messages. @throws {RunError} for any other damage. */
export function parseLog(text: string, path: string): LogLine[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line, i) => {
      try {
        return JSON.parse(line) as LogLine;
      } catch (cause) {
        throw new RunError(`${path}: line ${i + 1} is not JSON`, { cause });
      }
    });
}
