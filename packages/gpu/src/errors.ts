/** Property of the errors of every installed copy of this package. */
const OWN = Symbol.for("@sumo/gpu/error");

/**
 * Base class of this package's errors. `code` is stable; the message names the fault and its remedy. `instanceof` holds for errors of
 * other installed copies of the package too.
 */
export abstract class GpuError extends Error {
  /** `code` of a class's instances. */
  static readonly code: string = "";
  readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = new.target.code;
  }

  static {
    Object.defineProperty(GpuError.prototype, OWN, { value: true });
  }

  static override readonly [Symbol.hasInstance]: (value: unknown) => boolean = isInstance;
}

/** Whether a value is of this class, in this copy of the package or another. */
function isInstance(this: typeof GpuError, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  if (typeof value !== "object" || value === null || !(OWN in value)) return false;
  return this === GpuError || (Object.hasOwn(this, "code") && "code" in value && value.code === this.code);
}

/** The machine, the runtime or the Content-Security-Policy does not support a mode, or gpu.js does not load. */
export class UnsupportedModeError extends GpuError {
  static override readonly code = "GPU_UNSUPPORTED_MODE";
}

/** Shapes of operands do not match, or a size is not a whole number of at least 0. Thrown before anything is written. */
export class GpuShapeError extends GpuError {
  static override readonly code = "GPU_SHAPE";
}

/** An argument is of another kind: no tensor, no matrix, no number. Thrown before anything is written. */
export class GpuArgumentError extends GpuError {
  static override readonly code = "GPU_ARGUMENT";
}

/** An option is unknown, of another kind or out of range. Thrown before anything is written. */
export class GpuOptionError extends GpuError {
  static override readonly code = "GPU_OPTION";
}

/** A tensor or a GPU is used after it was disposed of. */
export class DisposedTensorError extends GpuError {
  static override readonly code = "GPU_DISPOSED";
}

/** A matrix exceeds the device's largest texture or buffer. Thrown before anything is allocated. */
export class TooLargeError extends GpuError {
  static override readonly code = "GPU_TOO_LARGE";
  readonly needElements: number;
  readonly haveElements: number;

  constructor(rows: number, cols: number, haveElements: number, mode: string) {
    super(
      `a ${rows} x ${cols} matrix is larger than this device's limit of ${haveElements} elements (${mode}); ` +
        "split it, or keep it on the CPU",
    );
    this.needElements = rows * cols;
    this.haveElements = haveElements;
  }
}

/** The device is out of memory. */
export class GpuMemoryError extends GpuError {
  static override readonly code = "GPU_MEMORY";

  constructor(what: string, options?: ErrorOptions) {
    super(`the GPU has no memory for ${what}; dispose tensors, or use smaller ones`, options);
  }
}

/** The device reported a failure of an earlier call. Results since the last read-back may be wrong. */
export class GpuFailureError extends GpuError {
  static override readonly code = "GPU_FAILURE";
}

/** The browser or the driver lost the context, and every tensor with it. */
export class LostContextError extends GpuError {
  static override readonly code = "GPU_LOST_CONTEXT";

  constructor(mode: string) {
    super(
      `the ${mode} context was lost, and with it all tensors on it; make a new one with createGpu() and upload again`,
    );
  }
}
