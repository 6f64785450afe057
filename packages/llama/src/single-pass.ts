import { allocateActivations } from "./activations.ts";
import { alone } from "./crew.ts";
import { allocateGradients } from "./gradients.ts";
import { Lease } from "./lease.ts";
import { checkPassShape, createPass, type Pass, type PassOptions } from "./pass.ts";
import { type ModelParts, passSpan } from "./run.ts";

/** A pass on the calling thread alone. */
export function createSinglePass(
  parts: ModelParts,
  batch: number,
  length: number,
  { recompute = false }: PassOptions,
): Pass {
  const { config, engine } = parts;
  checkPassShape("createPass", config, batch, length);
  const shape = { batch, length, threads: 1, recompute };
  return Lease.take(engine.heap, (lease) => {
    const activations = allocateActivations(config, shape, lease);
    const gradients = allocateGradients(config, lease);
    const span = passSpan(config, shape, alone);
    const run = { ...parts, shape, activations, scratch: activations.scratch[0]!, span, crew: alone };
    return createPass(run, gradients, { begin: () => {}, end: () => lease.release() });
  });
}
