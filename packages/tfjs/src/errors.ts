import { OptimizerError } from "@sumo/core";

/** A call during a step of `applyGradientsAsync`. Nothing was changed. */
export class BusyError extends OptimizerError {
  static override readonly code = "TFJS_BUSY";

  constructor(call: string) {
    super(`${call}: a step of applyGradientsAsync is not finished; await it first`);
  }
}

/** A device without synchronous reads. Nothing was changed. */
export class DeviceReadError extends OptimizerError {
  static override readonly code = "TFJS_DEVICE_READ";

  constructor(backend: string) {
    super(`${backend} cannot be read synchronously here; use applyGradientsAsync`);
  }
}
