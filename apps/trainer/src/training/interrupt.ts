/** Within so many milliseconds a second signal is an echo of the first: npx forwards the terminal's Ctrl-C. */
const ECHO_MS = 500;

/** Exit codes: 128 plus the signal's number, as in POSIX shells. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** A pending interruption of a run by SIGINT or SIGTERM. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Exit code of the process after an interruption; 0 before one. */
  readonly exitCode: number;
  /** Removes the signal handlers. */
  release(): void;
}

/**
 * Handles SIGINT (Ctrl-C) and SIGTERM: the first aborts the signal, so that a checkpoint can be saved; a second ends the process at once.
 *
 * @param onFirst - called at the first one.
 */
export function catchInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  let exitCode = 0;
  let firstAt = 0;
  const listen = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt > ECHO_MS) process.exit(exitCode);
      return;
    }
    firstAt = performance.now();
    exitCode = EXIT_CODES[name as keyof typeof EXIT_CODES];
    controller.abort();
    onFirst();
  };
  for (const name of Object.keys(EXIT_CODES)) process.on(name, listen);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release: () => {
      for (const name of Object.keys(EXIT_CODES)) process.off(name, listen);
    },
  };
}
