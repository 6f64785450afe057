/** Base of every error that this package throws on purpose. `code` is stable; the message says what was expected and what came. */
export abstract class LlamaError extends Error {
  abstract readonly code: string;

  /** @param operation - the routine that refused, e.g. `"loss"`. */
  constructor(operation: string, message: string, options?: ErrorOptions) {
    super(`${operation}: ${message}`, options);
    this.name = new.target.name;
  }
}

/** A model, pass or sampling option outside its range, or options that do not go together. Thrown before anything is allocated. */
export class ConfigError extends LlamaError {
  readonly code = "LLAMA_CONFIG";
}

/** Tokens or targets of the wrong length, or outside the vocabulary. Thrown before anything is written. */
export class InputError extends LlamaError {
  readonly code = "LLAMA_INPUT";
}

/** A checkpoint of another kind of model, or with tensors missing, left over, misshapen or not finite. Thrown before anything is written. */
export class CheckpointError extends LlamaError {
  readonly code = "LLAMA_CHECKPOINT";
}

/** Workers that did not join a threaded pass in time, or that failed or ended while they took part. */
export class CrewError extends LlamaError {
  readonly code = "LLAMA_CREW";
}
