import { OptimizerError } from "@sumo/core";

/** A call while a step of `applyGradientsAsync` is under way. Nothing was changed. */
export class BusyError extends OptimizerError {
  readonly code = "TFJS_BUSY";

  constructor(call: string) {
    super(`${call}: a step of applyGradientsAsync is under way; await it first`);
  }
}

/** A device that gives no numbers to code that cannot wait for them. Nothing was changed. */
export class DeviceReadError extends OptimizerError {
  readonly code = "TFJS_DEVICE_READ";

  constructor(backend: string) {
    super(`${backend} cannot be read synchronously here; use applyGradientsAsync`);
  }
}
