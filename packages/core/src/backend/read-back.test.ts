import { createReferenceEngine } from "@sumo/linalg";
import { expect, test } from "vitest";
import { flat, random } from "../testing/dense.ts";
import { checkBackend } from "../testing/index.ts";
import type { Backend } from "./backend.ts";
import { linalgBackend } from "./linalg-backend.ts";
import type { LinalgMatrix } from "./linalg-scratch.ts";
import type { LinalgSource } from "./linalg-source.ts";
import { readBack } from "./read-back.ts";

/** The default backend without decompositions of its own. */
function withHostDecompositions(): Backend<LinalgMatrix, LinalgSource> {
  const device = linalgBackend(createReferenceEngine({ bytes: 2 ** 22 }));
  const host = readBack<LinalgMatrix>({
    shape: ({ shape }) => [shape[0]!, shape[1]!],
    read: (a) => device.read(a),
    write: (a, values) => device.write(a, values),
  });
  return Object.assign(Object.create(device) as typeof device, host);
}

test("decompositions on the host keep the contract", () => {
  const backend = withHostDecompositions();
  checkBackend({ backend, source: (values) => values, values: (source) => source as Float32Array });
});

test("and give the bits of linalg's own polar factor", () => {
  const [host, own] = [withHostDecompositions(), linalgBackend()].map((backend) => {
    const [a, out] = [backend.allocate(5, 12), backend.allocate(5, 12)];
    backend.write(a, flat(random(5, 12, 1)));
    const scratch = backend.scratch(backend.sizes.polar(5, 12));
    backend.polar(out, a, scratch, { tolerance: 1e-6 });
    return backend.read(out);
  });
  expect(host).toEqual(own);
});
