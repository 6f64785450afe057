/** Base of every error that this package throws on purpose. `code` is stable; the message says what happened and what to do. */
export abstract class GpuError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A mode that this machine, runtime or Content-Security-Policy does not offer, or a library that does not load. */
export class UnsupportedModeError extends GpuError {
  readonly code = "GPU_UNSUPPORTED_MODE";
}

/** Operands that cannot go together, or a size that is none. Thrown before anything is written. */
export class GpuShapeError extends GpuError {
  readonly code = "GPU_SHAPE";
}

/** An argument outside its range. Thrown before anything is written. */
export class GpuOptionError extends GpuError {
  readonly code = "GPU_OPTION";
}

/** A tensor, or a whole GPU, that was disposed and is used again. */
export class DisposedTensorError extends GpuError {
  readonly code = "GPU_DISPOSED";
}

/** A matrix that is larger than a texture or buffer of this device can be. Nothing was allocated. */
export class TooLargeError extends GpuError {
  readonly code = "GPU_TOO_LARGE";
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

/** The device has no memory left. */
export class GpuMemoryError extends GpuError {
  readonly code = "GPU_MEMORY";

  constructor(what: string, options?: ErrorOptions) {
    super(`the GPU has no memory for ${what}; dispose tensors, or use smaller ones`, options);
  }
}

/** The device reported a failure of an earlier call. What was computed since the last read-back may be wrong. */
export class GpuFailureError extends GpuError {
  readonly code = "GPU_FAILURE";
}

/** The browser or driver took the context away: every tensor on it is gone. */
export class LostContextError extends GpuError {
  readonly code = "GPU_LOST_CONTEXT";

  constructor(mode: string) {
    super(
      `the ${mode} context was lost, and with it all tensors on it; make a new one with createGpu() and upload again`,
    );
  }
}
