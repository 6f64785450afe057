import type { Screen } from "../screen/screen.ts";

/** Milliseconds within which a second signal is taken for a copy of the first: npx forwards the terminal's Ctrl-C. */
const ECHO_MS = 500;

/** Exit codes: 128 plus the signal's number, as in POSIX shells. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Exit code after the reader of a pipe has gone, as if by SIGPIPE. */
const CLOSED_PIPE = 141;

/** A pending interruption of a run: by SIGINT, SIGTERM or SIGHUP, or because nobody reads its output any more. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Exit code of the process after an interruption; 0 before one. */
  readonly exitCode: number;
  /** Removes the signal handlers. */
  release(): void;
}

/**
 * Handles SIGINT (Ctrl-C), SIGTERM, SIGHUP (a closed terminal) and the closing of the output: the first aborts the signal, so that a checkpoint
 * can be saved; a second signal ends the process at once.
 *
 * @param onFirst - called at the first one.
 */
export function catchInterrupt({ closed }: Screen, onFirst: () => void): Interrupt {
  const controller = new AbortController();
  let exitCode = 0;
  let firstAt = 0;
  const abort = (code: number): void => {
    firstAt = performance.now();
    exitCode = code;
    controller.abort();
    onFirst();
  };
  const listen = (name: NodeJS.Signals): void => {
    if (!controller.signal.aborted) abort(EXIT_CODES[name as keyof typeof EXIT_CODES]);
    else if (performance.now() - firstAt > ECHO_MS) process.exit(exitCode);
  };
  const close = (): void => {
    if (!controller.signal.aborted) abort(CLOSED_PIPE);
  };
  for (const name of Object.keys(EXIT_CODES)) process.on(name, listen);
  closed.addEventListener("abort", close);
  if (closed.aborted) close();
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release: () => {
      for (const name of Object.keys(EXIT_CODES)) process.off(name, listen);
      closed.removeEventListener("abort", close);
    },
  };
}
