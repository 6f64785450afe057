import colors from "picocolors";

/** Output stream for people. A terminal gets a progress bar; a file or a pipe gets plain lines. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Labelled facts about a run, one line each. */
export type Facts = readonly (readonly [label: string, value: string])[];

/** Prints facts with their labels in a column. */
export function showFacts(screen: Screen, facts: Facts): void {
  const width = Math.max(...facts.map(([label]) => label.length));
  for (const [label, value] of facts) screen.write(`  ${colors.dim(label.padEnd(width))}  ${value}\n`);
}
