import { RunError } from "./errors.ts";

/** One line of `log.jsonl`. Losses are in nats per token; `step` counts the updates that were made before it was written. */
export interface LogLine {
  readonly step: number;
  /** Seconds of training since the run began, over all its sittings. */
  readonly seconds: number;
  /** Loss of the batch that the step learned from, before it learned. */
  readonly loss?: number;
  readonly tokensPerSecond?: number;
  /** Mean loss over evenly spread windows of the held-out text. */
  readonly validation?: number;
  /** The closing measurement. */
  readonly final?: FinalLoss;
}

export interface FinalLoss {
  /** Nats per token over `tokens` tokens of the held-out text. */
  readonly validation: number;
  readonly tokens: number;
  /** The same per byte of text, so that vocabularies compare. */
  readonly natsPerByte: number;
  readonly perplexityPerByte: number;
}

/** A line as it stands in the log. */
export function formatLine(line: LogLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** The lines of a log. A last line that a crash cut short is left out. @param path - for messages. @throws {RunError} for any other damage. */
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
