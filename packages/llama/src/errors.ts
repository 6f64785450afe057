/** Base class of this package's errors. `code` is stable; the message names the operation, the expected and the actual value. */
export abstract class LlamaError extends Error {
  abstract readonly code: string;

  /** @param operation - name of the routine that throws, e.g. `"loss"`. */
  constructor(operation: string, message: string, options?: ErrorOptions) {
    super(`${operation}: ${message}`, options);
    this.name = new.target.name;
  }
}

/** An option of a model, a pass or sampling is out of range, or options contradict each other. Thrown before anything is allocated. */
export class ConfigError extends LlamaError {
  readonly code = "LLAMA_CONFIG";
}

/** An argument is of another kind: no tokens, no logits, no model; or tokens or targets have the wrong length, or are outside the vocabulary. Thrown before anything is written. */
export class InputError extends LlamaError {
  readonly code = "LLAMA_INPUT";
}

/** A checkpoint has another architecture, or its tensors are missing, unknown, misshapen or not finite. Thrown before anything is written. */
export class CheckpointError extends LlamaError {
  readonly code = "LLAMA_CHECKPOINT";
}

/** Workers did not join a threaded pass in time, or failed or ended during it. */
export class CrewError extends LlamaError {
  readonly code = "LLAMA_CREW";
}
