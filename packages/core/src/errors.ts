/** Property of the errors of every installed copy of this package. */
const OWN = Symbol.for("@sumo/core/error");

/**
 * Base class of this package's errors. `code` is stable; the message has the expected and the received value. `instanceof` holds for errors of
 * other installed copies of the package too.
 */
export abstract class OptimizerError extends Error {
  /** `code` of a class's instances. */
  static readonly code: string = "";
  readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = new.target.code;
  }

  static {
    Object.defineProperty(OptimizerError.prototype, OWN, { value: true });
  }

  static override readonly [Symbol.hasInstance]: (value: unknown) => boolean = isInstance;
}

/** Whether a value is of this class, in this copy of the package or another. */
function isInstance(this: typeof OptimizerError, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  if (typeof value !== "object" || value === null || !(OWN in value)) return false;
  return this === OptimizerError || (Object.hasOwn(this, "code") && "code" in value && value.code === this.code);
}

/** An option is unknown, or its value out of range. Thrown at construction, before anything is allocated. */
export class OptimizerOptionError extends OptimizerError {
  static override readonly code = "OPTIMIZER_OPTION";
  /** The option, e.g. `"rank"`. */
  readonly option: string;

  /** @param came - What came, in place of a description of `got`. */
  constructor(option: string, expected: string, got: unknown, came: string = `got ${describe(got)}`) {
    super(`option ${option}: expected ${expected}, ${came}`);
    this.option = option;
  }
}

/** A parameter cannot be optimized: its name is missing or not unique, or its shape does not fit the data. */
export class ParameterError extends OptimizerError {
  static override readonly code = "OPTIMIZER_PARAMETER";
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super(`parameter ${JSON.stringify(parameter)}: ${message}`);
    this.parameter = parameter;
  }
}

/** A gradient has another size than its parameter. Thrown before anything is written. */
export class GradientShapeError extends OptimizerError {
  static override readonly code = "OPTIMIZER_GRADIENT_SHAPE";
  readonly parameter: string;

  constructor(parameter: string, expected: readonly number[], got: readonly number[]) {
    super(`gradient of ${JSON.stringify(parameter)}: expected shape [${expected.join(", ")}], got [${got.join(", ")}]`);
    this.parameter = parameter;
  }
}

/** A gradient, or a collection of them, of a type that cannot be one, e.g. `null`, a string or whole numbers. Thrown before any write. */
export class GradientTypeError extends OptimizerError {
  static override readonly code = "OPTIMIZER_GRADIENT_TYPE";
  /** Absent where it is the collection that is wrong. */
  readonly parameter: string | undefined;

  constructor(parameter: string | undefined, expected: string, got: string) {
    const what = parameter === undefined ? "gradients" : `gradient of ${JSON.stringify(parameter)}`;
    super(`${what}: expected ${expected}, got ${got}`);
    this.parameter = parameter;
  }
}

/** A gradient contains NaN or an infinity. Weights and state are unchanged. */
export class NonFiniteGradientError extends OptimizerError {
  static override readonly code = "OPTIMIZER_NON_FINITE_GRADIENT";
  readonly parameter: string;
  /** Steps that this parameter had taken. */
  readonly step: number;
  /** The rank with such a gradient; absent without a collective. */
  readonly rank: number | undefined;

  constructor(parameter: string, step: number, rank?: number) {
    const where = rank === undefined ? "" : ` on rank ${rank}`;
    super(
      `gradient of ${JSON.stringify(parameter)} at step ${step}${where} holds NaN or an infinity; nothing was changed. ` +
        'Look at the loss and the learning rate, or pass onNonFinite: "skip" to drop such gradients and count them',
    );
    this.parameter = parameter;
    this.step = step;
    this.rank = rank;
  }
}

/** Ranks of a data-parallel run have different weights or states. Thrown on every rank; nothing was changed. */
export class RanksDifferError extends OptimizerError {
  static override readonly code = "OPTIMIZER_RANKS_DIFFER";
  readonly parameter: string;
  /** The first rank that differs from rank 0. */
  readonly rank: number;

  constructor(parameter: string, rank: number) {
    super(
      `parameter ${JSON.stringify(parameter)}: expected the same weights and state on all ranks, got others on rank ${rank}; ` +
        "seed them alike, broadcast those of rank 0, or resume all from one checkpoint",
    );
    this.parameter = parameter;
    this.rank = rank;
  }
}

/**
 * A step failed: a decomposition did not converge, or an update or the square of a gradient exceeds float32. `cause` says which.
 * The weight and its state are unchanged; of a split weight, those of the failed part and the parts after it.
 */
export class StepFailedError extends OptimizerError {
  static override readonly code = "OPTIMIZER_STEP_FAILED";
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

/** A checkpoint does not match the optimizer: it has another format, a newer version, or other shapes or options. */
export class CheckpointError extends OptimizerError {
  static override readonly code = "OPTIMIZER_CHECKPOINT";
}

/** Bytes are not a complete, well-formed safetensors file. */
export class SafetensorsError extends OptimizerError {
  static override readonly code = "SAFETENSORS_FORMAT";
}

/** An optimizer is used after `dispose()`. */
export class DisposedError extends OptimizerError {
  static override readonly code = "OPTIMIZER_DISPOSED";

  constructor() {
    super("the optimizer was disposed of; create a new one");
  }
}

/** A value in a few words, for messages. */
export function describe(value: unknown): string {
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return textOf(value) ?? `an array of ${value.length}`;
  const { name } = (value.constructor ?? Object) as { readonly name: string };
  return (name === "Object" ? textOf(value) : undefined) ?? `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

const LONGEST = 100;

/** JSON, where there is some that is short enough to read. */
function textOf(value: object): string | undefined {
  try {
    const text = JSON.stringify(value);
    return text.length <= LONGEST ? text : undefined;
  } catch {
    return undefined;
  }
}
