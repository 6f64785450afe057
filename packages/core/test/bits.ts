import { createWasmEngine } from "@sumo/linalg";
import { cosine, createOptimizer, type Group, linalgBackend, readSafetensors } from "../src/index.ts";
import { flat, random } from "../src/testing/dense.ts";

const lr = cosine({ peak: 0.02, warmup: 2, total: 12 });
const small = { lr, rank: 8, refresh: { every: 4 } } as const;

/** Options by name; `golden-bits.json` has the {@link fingerprint} of each, equal on every machine and in every runtime. */
export const CASES: Readonly<Record<string, { readonly options: Group; readonly microBatches?: number }>> = {
  default: { options: { optimizer: "sumo", ...small } },
  off: { options: { optimizer: "sumo", ...small, residual: "off", weightDecay: 0.1 } },
  "off, cautious": { options: { optimizer: "sumo", ...small, residual: "off", weightDecay: 0.1, cautious: true } },
  "off, micro-batches": { options: { optimizer: "sumo", ...small, residual: "off" }, microBatches: 2 },
  "fira, micro-batches": { options: { optimizer: "sumo", ...small, cautious: true }, microBatches: 2 },
  raw: { options: { optimizer: "sumo", ...small, residual: "raw", side: "long", nesterov: false } },
  scaled: { options: { optimizer: "sumo", ...small, residual: { scale: 0.1 }, side: "left", scale: "spectral" } },
  "joint, 8 bits": { options: { optimizer: "sumo", ...small, residual: "joint", stateBits: 8 } },
  "fira, 8 bits": { options: { optimizer: "sumo", ...small, stateBits: 8, side: "right", growthLimit: "off" } },
  "adaptive rank": { options: { optimizer: "sumo", lr, rank: { energy: 0.5, min: 2 }, refresh: { every: 3 } } },
  captured: { options: { optimizer: "sumo", lr, rank: 8, refresh: { captureBelow: 0.3, minGap: 2, maxGap: 5 } } },
  paper: { options: { optimizer: "sumo", ...small, preset: "paper", orthogonalize: "polar-express" } },
  "paper, exact": { options: { optimizer: "sumo", ...small, preset: "paper", weightDecay: 0.1 } },
  muon: { options: { optimizer: "muon", lr, weightDecay: 0.1, cautious: true } },
  "muon, exact": { options: { optimizer: "muon", lr, orthogonalize: "exact" } },
  "muon, stateless": { options: { optimizer: "muon", lr, momentum: 0 }, microBatches: 2 },
  "muon, equal rows": { options: { optimizer: "muon", lr, equilibrate: "rows" } },
  "muon, 8 bits": { options: { optimizer: "muon", lr, stateBits: 8, nesterov: false } },
  "muon, 4 bits": { options: { optimizer: "muon", lr, stateBits: 4 } },
  "joint, equal rows": { options: { optimizer: "sumo", ...small, residual: "joint", equilibrate: "rows" } },
  galore: { options: { optimizer: "galore", ...small, weightDecay: 0.1 } },
  soap: { options: { optimizer: "soap", lr, refresh: { every: 3 }, weightDecay: 0.1 } },
  adamw: { options: { optimizer: "adamw", lr, weightDecay: 0.1 } },
  "adamw, 8 bits": { options: { optimizer: "adamw", lr, weightDecay: 0.1, stateBits: 8 } },
  sgd: { options: { optimizer: "sgd", lr, nesterov: true, weightDecay: 0.1, cautious: true } },
};

/** A hash of every bit of weights and state matrices after ten steps. A change of the order of any sum changes it. */
export function fingerprint({ options, microBatches = 1 }: (typeof CASES)[string]): number {
  let hash = 0x811c9dc5;
  const mix = (bytes: Uint8Array): void => {
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  const parameters = [
    { name: "wide", shape: [40, 72], data: flat(random(40, 72, 1)) },
    { name: "tall", shape: [96, 33], data: flat(random(96, 33, 2)) },
    { name: "norm", shape: [40], data: flat(random(1, 40, 3)) },
  ];
  const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 24 }));
  const optimizer = createOptimizer(parameters, options, { backend, microBatches });
  for (let step = 0; step < 10 * microBatches; step++) {
    parameters.forEach(({ name, data }, i) => {
      optimizer.stepParameter(name, flat(random(1, data.length, 10 * step + i + 4)));
    });
  }
  for (const { data } of parameters) mix(new Uint8Array(data.buffer));
  const { tensors } = readSafetensors(optimizer.save());
  for (const name of Object.keys(tensors).sort()) {
    const { buffer, byteOffset, byteLength } = tensors[name]!.data;
    mix(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash;
}
