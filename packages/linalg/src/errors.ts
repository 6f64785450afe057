/** Property of the errors of every installed copy of this package. */
const OWN = Symbol.for("@sumo/linalg/error");

/**
 * Base of every error that this package throws on purpose. `code` is stable; the message says what was expected and what came. `instanceof`
 * holds for errors of other installed copies of the package too.
 */
export abstract class LinalgError extends Error {
  /** `code` of a class's instances. */
  static readonly code: string = "";
  readonly code: string;
  /** The routine that refused, e.g. `"qr"`. */
  readonly operation: string;

  constructor(operation: string, message: string, options?: ErrorOptions) {
    super(`${operation}: ${message}`, options);
    this.name = new.target.name;
    this.code = new.target.code;
    this.operation = operation;
  }

  static {
    Object.defineProperty(LinalgError.prototype, OWN, { value: true });
  }

  static override readonly [Symbol.hasInstance]: (value: unknown) => boolean = isInstance;
}

/** Whether a value is of this class, in this copy of the package or another. */
function isInstance(this: typeof LinalgError, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  if (typeof value !== "object" || value === null || !(OWN in value)) return false;
  return this === LinalgError || (Object.hasOwn(this, "code") && "code" in value && value.code === this.code);
}

/** Operands that cannot go together. Thrown before anything is written. */
export class ShapeError extends LinalgError {
  static override readonly code = "LINALG_SHAPE";
}

/** An element type that is neither float32 nor float64, or operands of different types. Thrown before anything is written. */
export class DtypeError extends LinalgError {
  static override readonly code = "LINALG_DTYPE";
}

/** An argument of another kind than the routine takes: null, a plain array, an object that is no engine. Thrown before anything is written. */
export class ArgumentError extends LinalgError {
  static override readonly code = "LINALG_ARGUMENT";
}

/** An option outside its range, or one that the routine does not have. Thrown before anything is written. */
export class OptionError extends LinalgError {
  static override readonly code = "LINALG_OPTION";
}

/** Scratch or heap too small. */
export class WorkspaceError extends LinalgError {
  static override readonly code = "LINALG_WORKSPACE";
  readonly needBytes: number;
  readonly haveBytes: number;

  constructor(operation: string, needBytes: number, haveBytes: number, hint: string) {
    super(operation, `needs ${needBytes} bytes of workspace, has ${haveBytes}; ${hint}`);
    this.needBytes = needBytes;
    this.haveBytes = haveBytes;
  }
}

/** NaN or an infinity in an operand. Thrown before anything is written. */
export class NonFiniteError extends LinalgError {
  static override readonly code = "LINALG_NON_FINITE";
  /** Row and column of the first such element, in row-major order. */
  readonly index: readonly [row: number, column: number];

  constructor(operation: string, index: readonly [number, number], value: number) {
    super(operation, `expected finite numbers, got ${value} at [${index[0]}, ${index[1]}]`);
    this.index = index;
  }
}

/** An iteration did not converge to its tolerance. Where a system library reports that, its steps and residual are not known. */
export class NotConvergedError extends LinalgError {
  static override readonly code = "LINALG_NOT_CONVERGED";
  /** Undefined where LAPACK gave up. */
  readonly iterations: number | undefined;
  /** The quantity that should have converged to zero. Undefined where LAPACK reported the failure. */
  readonly residual: number | undefined;

  constructor(operation: string, measured?: { readonly iterations: number; readonly residual: number }) {
    const { iterations, residual } = measured ?? {};
    super(
      operation,
      measured === undefined
        ? "no convergence in LAPACK"
        : `no convergence after ${iterations} iterations, residual ${residual}`,
    );
    this.iterations = iterations;
    this.residual = residual;
  }
}

/** A result outside the range of its dtype. Thrown before anything is written. */
export class OverflowError extends LinalgError {
  static override readonly code = "LINALG_OVERFLOW";
}

/** A matrix at which a real function has no value: no real principal square root or logarithm. Thrown before anything is written. */
export class DomainError extends LinalgError {
  static override readonly code = "LINALG_DOMAIN";
}

/** A factorization that needs more than the matrix has: not positive definite, or singular. */
export class SingularError extends LinalgError {
  static override readonly code = "LINALG_SINGULAR";
}

/** Something that this machine or runtime lacks: WebAssembly SIMD, threads, a system library. */
export class UnsupportedError extends LinalgError {
  static override readonly code = "LINALG_UNSUPPORTED";
}
