/** Base of every error that this package throws on purpose. `code` is stable; the message says what was expected and what came. */
export abstract class OptimizerError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An option that does not exist, or a value outside its range. Thrown at construction, before anything is allocated. */
export class OptimizerOptionError extends OptimizerError {
  readonly code = "OPTIMIZER_OPTION";
  /** The option, e.g. `"rank"`. */
  readonly option: string;

  constructor(option: string, expected: string, got: unknown) {
    super(`option ${option}: expected ${expected}, got ${describe(got)}`);
    this.option = option;
  }
}

/** Parameters that cannot be optimized as described: no name, a name twice, a shape that does not fit the data. */
export class ParameterError extends OptimizerError {
  readonly code = "OPTIMIZER_PARAMETER";
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super(`parameter ${JSON.stringify(parameter)}: ${message}`);
    this.parameter = parameter;
  }
}

/** A gradient whose size is not its parameter's. Thrown before anything is written. */
export class GradientShapeError extends OptimizerError {
  readonly code = "OPTIMIZER_GRADIENT_SHAPE";
  readonly parameter: string;

  constructor(parameter: string, expected: readonly number[], got: readonly number[]) {
    super(`gradient of ${JSON.stringify(parameter)}: expected shape [${expected.join(", ")}], got [${got.join(", ")}]`);
    this.parameter = parameter;
  }
}

/** NaN or an infinity in a gradient. Weights and state are as they were before the call. */
export class NonFiniteGradientError extends OptimizerError {
  readonly code = "OPTIMIZER_NON_FINITE_GRADIENT";
  readonly parameter: string;
  /** Steps that this parameter had taken. */
  readonly step: number;

  constructor(parameter: string, step: number) {
    super(
      `gradient of ${JSON.stringify(parameter)} at step ${step} holds NaN or an infinity; nothing was changed. ` +
        'Look at the loss and the learning rate, or pass onNonFinite: "skip" to drop such gradients and count them',
    );
    this.parameter = parameter;
    this.step = step;
  }
}

/**
 * A step that could not be computed: a decomposition that did not converge, an update or the square of a gradient beyond float32. `cause`
 * says which.
 * The weight and its state are as they were before the call; of a split weight, those of the part that failed and the ones after it.
 */
export class StepFailedError extends OptimizerError {
  readonly code = "OPTIMIZER_STEP_FAILED";
  readonly parameter: string;
  /** Steps that this parameter had taken. */
  readonly step: number;

  constructor(parameter: string, step: number, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(`step ${step} of ${JSON.stringify(parameter)} failed: ${what}`, { cause });
    this.parameter = parameter;
    this.step = step;
  }
}

/** A checkpoint that does not belong to this optimizer: another program's, another version's, other shapes or options. */
export class CheckpointError extends OptimizerError {
  readonly code = "OPTIMIZER_CHECKPOINT";
}

/** Bytes that are not a whole, well-formed safetensors file. */
export class SafetensorsError extends OptimizerError {
  readonly code = "SAFETENSORS_FORMAT";
}

/** A call on an optimizer after `dispose()`. */
export class DisposedError extends OptimizerError {
  readonly code = "OPTIMIZER_DISPOSED";

  constructor() {
    super("the optimizer was disposed of; create a new one");
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return String(value);
}
