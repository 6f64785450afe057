/** A terminal's Ctrl-C may arrive twice at once: from the terminal itself and passed on by npx. */
const ECHO_MS = 500;

/** Exit codes by POSIX custom: 128 plus the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** The user's wish to stop. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** What the process should exit with once it has stopped. */
  readonly exitCode: number;
  /** Gives Ctrl-C its usual meaning back. */
  release(): void;
}

/**
 * Turns the first SIGINT (Ctrl-C) or SIGTERM into an abort, so that work under way can be saved; a second one ends the process at once.
 *
 * @param onFirst - called at the first one, to tell the user.
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
