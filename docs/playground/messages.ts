/** One call of the console, or an error that nobody caught. */
export interface Printed {
  readonly kind: "log" | "warn" | "error";
  readonly text: string;
  /** Where an error comes from, counted from 1, if that is known. */
  readonly line?: number;
}

/** What a run's worker says. */
export type Message =
  | { readonly kind: "printed"; readonly printed: Printed }
  | { readonly kind: "ended"; readonly failed: boolean; readonly timeMs: number };
