/** A call of the console, or an uncaught error. */
export interface Printed {
  readonly kind: "log" | "warn" | "error";
  readonly text: string;
  /** Line of an error, counted from 1, if it is known. */
  readonly line?: number;
}

/** Message from a run's worker. */
export type Message =
  | { readonly kind: "printed"; readonly printed: Printed }
  | { readonly kind: "ended"; readonly failed: boolean; readonly timeMs: number };
