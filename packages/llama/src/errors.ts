/** Property of the errors of every installed copy of this package. */
const OWN = Symbol.for("@sumo/llama/error");

/**
 * Base class of this package's errors. `code` is stable; the message names the operation, the expected and the actual value. `instanceof` holds for errors of
 * other installed copies of the package too.
 */
export abstract class LlamaError extends Error {
  /** `code` of a class's instances. */
  static readonly code: string = "";
  readonly code: string;

  /** @param operation - name of the routine that throws, e.g. `"loss"`. */
  constructor(operation: string, message: string, options?: ErrorOptions) {
    super(`${operation}: ${message}`, options);
    this.name = new.target.name;
    this.code = new.target.code;
  }

  static {
    Object.defineProperty(LlamaError.prototype, OWN, { value: true });
  }

  static override readonly [Symbol.hasInstance]: (value: unknown) => boolean = isInstance;
}

/** Whether a value is of this class, in this copy of the package or another. */
function isInstance(this: typeof LlamaError, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  if (typeof value !== "object" || value === null || !(OWN in value)) return false;
  return this === LlamaError || (Object.hasOwn(this, "code") && "code" in value && value.code === this.code);
}

/** An option of a model, a pass or sampling is out of range, or options contradict each other. Thrown before anything is allocated. */
export class ConfigError extends LlamaError {
  static override readonly code = "LLAMA_CONFIG";
}

/** An argument is of another kind: no tokens, no logits, no model; or tokens or targets have the wrong length, or are outside the vocabulary. Thrown before anything is written. */
export class InputError extends LlamaError {
  static override readonly code = "LLAMA_INPUT";
}

/** A checkpoint has another architecture, or its tensors are missing, unknown, misshapen or not finite. Thrown before anything is written. */
export class CheckpointError extends LlamaError {
  static override readonly code = "LLAMA_CHECKPOINT";
}

/** Workers did not join a threaded pass in time, or failed or ended during it. */
export class CrewError extends LlamaError {
  static override readonly code = "LLAMA_CREW";
}

/** There is no WebGPU here, or no adapter, or it gives no device. */
export class GpuUnavailableError extends LlamaError {
  static override readonly code = "LLAMA_GPU_UNAVAILABLE";
}

/** The GPU was lost or disposed of, and every array on it with it. Open another one, and upload again. */
export class GpuLostError extends LlamaError {
  static override readonly code = "LLAMA_GPU_LOST";
}

/** An earlier call failed on the GPU, for want of memory say: what was computed since the last read may be wrong. */
export class GpuFailureError extends LlamaError {
  static override readonly code = "LLAMA_GPU_FAILURE";
}
