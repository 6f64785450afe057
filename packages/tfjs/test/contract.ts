import type { LinalgMatrix } from "@sumo/core";
import { type BackendSubject, backendContract } from "@sumo/core/testing";
import * as tf from "@tensorflow/tfjs";
import { afterEach, test } from "vitest";
import { hostBackend } from "../src/backend/host-backend.ts";
import { type Cell, tfjsBackend } from "../src/index.ts";

const backend = tfjsBackend({ polar: "exact" });

const subject: BackendSubject<Cell, tf.Tensor> = {
  backend,
  source: (values, rows, cols) => tf.variable(tf.tensor2d(values, [rows, cols])),
  values: (source) => source.dataSync<"float32">().slice(),
};

/** The backend that optimizers use where tensors are in host memory. */
const onHost = (): BackendSubject<LinalgMatrix, tf.Tensor> => ({
  backend: hostBackend("exact", backend),
  source: subject.source,
  values: subject.values,
});

/** The same, for a device on which nothing can be read synchronously. */
const replayed: BackendSubject<Cell, tf.Tensor> = {
  ...subject,
  values: (source) => backend.read(backend.gradient(source, 1, source.size)!),
};

/** One test for every clause of core's contract, on the current backend. */
export function testContract(reads: "synchronously" | "asynchronously" | "on the host"): void {
  afterEach(() => tf.disposeVariables());

  test.each(backendContract.map(({ name, run }) => [name, run] as const))("%s", async (_, run) => {
    if (reads === "on the host") run(onHost());
    else if (reads === "synchronously") run(subject);
    else await backend.replayed(() => run(replayed));
  });
}
