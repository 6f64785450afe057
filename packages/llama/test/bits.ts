import { createWasmEngine } from "@sumo/linalg";
import { createLlama } from "../src/index.ts";
import { randomBatch } from "./batch.ts";

/** Value of {@link fingerprint} on every machine and in every runtime. Another order of any sum changes it. */
export const FINGERPRINT = 1910972377;

/** Hash (FNV-1a) of all bits of the losses and gradients of two training steps. */
export function fingerprint(): number {
  const model = createLlama(
    { vocabSize: 61, dim: 40, layers: 2, heads: 5, kvHeads: 1, hidden: 72, context: 48 },
    { engine: createWasmEngine({ bytes: 2 ** 26 }), seed: 7 },
  );
  const pass = model.createPass(2, 48);
  let hash = 0x811c9dc5;
  const mix = (values: Float32Array | Float64Array): void => {
    for (const byte of new Uint8Array(values.slice().buffer)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  for (const seed of [1, 2]) {
    const { tokens, targets } = randomBatch(96, 61, seed);
    const loss = pass.backward(tokens, targets, (name, gradient) => {
      mix(gradient);
      const { data } = model.parameters.find((parameter) => parameter.name === name)!;
      for (let i = 0; i < data.length; i++) data[i]! -= 0.5 * gradient[i]!;
    });
    mix(Float64Array.of(loss));
  }
  return hash;
}
