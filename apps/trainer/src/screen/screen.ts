import colors from "picocolors";

/** Output stream for people. A terminal gets a progress bar; a file or a pipe gets plain lines. */
export interface Screen {
  /** Writes a text; drops it once the screen is closed. */
  write(text: string): void;
  readonly isTTY: boolean;
  /** Aborted when a write fails: the reader of a pipe has gone, the terminal is closed, the disk of a file is full. */
  readonly closed: AbortSignal;
}

/** The screen of a process that shows nothing. */
export const SILENT: Screen = { write() {}, isTTY: false, closed: new AbortController().signal };

/** Labelled facts about a run, one line each. */
export type Facts = readonly (readonly [label: string, value: string])[];

/** The screen of an output stream. An error of the stream closes it instead of ending the process. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  const closed = new AbortController();
  stream.on("error", (error) => closed.abort(error));
  return {
    write: (text) => {
      if (!closed.signal.aborted) stream.write(text);
    },
    isTTY: stream.isTTY === true,
    closed: closed.signal,
  };
}

/** Prints facts with their labels in a column. */
export function showFacts(screen: Screen, facts: Facts): void {
  const width = Math.max(...facts.map(([label]) => label.length));
  for (const [label, value] of facts) screen.write(`  ${colors.dim(label.padEnd(width))}  ${value}\n`);
}
