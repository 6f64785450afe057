import type { Command, Gpu, GpuArray } from "../gpu.ts";
import type { Kernel } from "../kernel.ts";
import { eachElement, groupsOf } from "./elements.ts";

type Swiglu = Kernel<"length" | "hidden", "gateUp" | "out">;

const GATE_AND_UP = `
    let gate = i + i / given.hidden * given.hidden;
    let up = gate + given.hidden;
    let x = gateUp[gate];
    let sigmoid = 1.0 / (1.0 + exp(min(-x, 87.0))); // eˣ of more is no float32`;

const FORWARD: Swiglu = {
  name: "swiglu",
  numbers: { length: "u32", hidden: "u32" },
  arrays: { gateUp: "read f32", out: "write f32" },
  body: eachElement(`${GATE_AND_UP}
    out[i] = x * sigmoid * gateUp[up];`),
};

const BACKWARD: Swiglu = {
  name: "swigluBackward",
  numbers: { length: "u32", hidden: "u32" },
  arrays: { gateUp: "write f32", out: "write f32" },
  body: eachElement(`${GATE_AND_UP}
    let y = gateUp[up];
    let d = out[i];
    out[i] = x * sigmoid * y;
    gateUp[gate] = d * y * sigmoid * (1.0 + x * (1.0 - sigmoid));
    gateUp[up] = d * x * sigmoid;`),
};

/** out[r] ← silu(gate[r]) · up[r]; a row of `gateUp` is gate, then up, each `hidden` wide. silu(x) = x / (1 + e⁻ˣ) (Shazeer 2020). */
export function swiglu(gpu: Gpu, rows: number, hidden: number, gateUp: GpuArray, out: GpuArray): Command {
  const length = rows * hidden;
  return gpu.command(FORWARD, { length, hidden }, { gateUp, out }, groupsOf(length));
}

/** Backward pass of {@link swiglu}. On entry `out` is the gradient of its output, on exit that output; `gateUp` becomes its gradient. */
export function swigluBackward(gpu: Gpu, rows: number, hidden: number, gateUp: GpuArray, out: GpuArray): Command {
  const length = rows * hidden;
  return gpu.command(BACKWARD, { length, hidden }, { gateUp, out }, groupsOf(length));
}
