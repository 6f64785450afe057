import { checkOptions } from "../arguments.ts";
import { Arena } from "../memory/arena.ts";
import { allocateActivations } from "./activations.ts";
import { type ModelParts, passSpan } from "./context.ts";
import { alone } from "./crew.ts";
import { allocateGradients } from "./gradients.ts";
import { checkPassShape, createPass, type Pass, type PassOptions } from "./pass.ts";

/** Creates a pass on the calling thread alone. See `Llama.createPass`. */
export function createSinglePass(parts: ModelParts, batch: number, length: number, options: PassOptions): Pass {
  checkOptions("createPass", options, { recompute: "boolean" });
  const { recompute = false } = options;
  const { config, engine, dtype } = parts;
  checkPassShape("createPass", config, batch, length);
  const shape = { batch, length, threads: 1, recompute, dtype };
  return Arena.allocate(engine.heap, (arena) => {
    const activations = allocateActivations(config, shape, arena);
    const gradients = allocateGradients(config, arena);
    const span = passSpan(config, shape, alone);
    const memory = { activations, scratch: activations.scratch[0]!, panel: activations.panels[0]! };
    const context = { ...parts, shape, ...memory, span, crew: alone };
    return createPass(context, gradients, { begin: () => {}, end: () => arena.release() });
  });
}
