import { type Device, numpy as np } from "@jax-js/jax";
import { type BackendSubject, backendContract } from "@sumo/core/testing";
import { describe, test } from "vitest";
import { type JaxMatrix, type JaxSource, jaxBackend, Place } from "../src/index.ts";
import { useDevice } from "./training.ts";

const subject: BackendSubject<JaxMatrix, JaxSource> = {
  backend: jaxBackend(),
  source: (values, rows, cols) => new Place(np.array(values, { shape: [rows, cols] })),
  values: (source) => (source as Place).read().dataSync() as Float32Array,
};

/** One test for every clause of core's contract, on these devices. */
export function testContract(...devices: Device[]): void {
  describe.each(devices)("core's contract on %s", (device) => {
    useDevice(device);

    test.each(backendContract.map(({ name, run }) => [name, run] as const))("%s", (_, run) => {
      run(subject);
    });
  });
}
