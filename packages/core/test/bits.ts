import { createWasmEngine } from "@sumo/linalg";
import { cosine, createOptimizer, type Group, linalgBackend } from "../src/index.ts";
import { flat, random } from "../src/testing/dense.ts";

/** What {@link fingerprint} gives on every machine and in every runtime. A change of the order of any sum changes it. */
export const FINGERPRINT = 3406774595;

const lr = cosine({ peak: 0.02, warmup: 2, total: 12 });
const OPTIMIZERS: readonly Group[] = [
  { optimizer: "sumo", lr, rank: 8, refresh: { every: 4 } },
  { optimizer: "sumo", lr, rank: 8, refresh: { every: 4 }, residual: "joint", stateBits: 8 },
  { optimizer: "sumo", lr, preset: "paper", rank: 8, refresh: { every: 4 }, orthogonalize: "polar-express" },
  { optimizer: "muon", lr, orthogonalize: "exact" },
  { optimizer: "galore", lr, rank: 8, refresh: { every: 4 } },
];

/** A number that depends on every bit of weights and state after ten steps of each optimizer. */
export function fingerprint(): number {
  let hash = 0x811c9dc5;
  const mix = (bytes: Uint8Array): void => {
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  for (const options of OPTIMIZERS) {
    const parameters = [
      { name: "wide", shape: [40, 72], data: flat(random(40, 72, 1)) },
      { name: "tall", shape: [96, 33], data: flat(random(96, 33, 2)) },
      { name: "norm", shape: [40], data: flat(random(1, 40, 3)) },
    ];
    const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 24 }));
    const optimizer = createOptimizer(parameters, options, { backend });
    for (let step = 0; step < 10; step++) {
      parameters.forEach(({ name, data }, i) => {
        optimizer.stepParameter(name, flat(random(1, data.length, 10 * step + i + 4)));
      });
    }
    for (const { data } of parameters) mix(new Uint8Array(data.buffer));
    mix(optimizer.save());
  }
  return hash;
}
