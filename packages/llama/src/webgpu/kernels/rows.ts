import type { Command, Gpu, GpuArray } from "../gpu.ts";
import type { Kernel } from "../kernel.ts";
import { eachElement, groupsOf } from "./elements.ts";

const FILL: Kernel<"length" | "width", "row" | "out"> = {
  name: "fillRows",
  numbers: { length: "u32", width: "u32" },
  arrays: { row: "read f32", out: "write f32" },
  body: eachElement(`
    out[i] = row[i % given.width];`),
};

/** out[r] ← row, `rows` rows of `width`. */
export function fillRows(gpu: Gpu, rows: number, width: number, row: GpuArray, out: GpuArray): Command {
  return gpu.command(FILL, { length: rows * width, width }, { row, out }, groupsOf(rows * width));
}

const SUM: Kernel<"rows" | "width", "x" | "out"> = {
  name: "sumRows",
  numbers: { rows: "u32", width: "u32" },
  arrays: { x: "read f32", out: "write f32" },
  body: `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= given.width) { return; }
  var sum = 0.0;
  for (var r = 0u; r < given.rows; r++) { sum += x[r * given.width + c]; }
  out[c] = sum;
}`,
};

/** out ← Σ_r x[r], `rows` rows of `width`, summed in the order of r. */
export function sumRows(gpu: Gpu, rows: number, width: number, x: GpuArray, out: GpuArray): Command {
  return gpu.command(SUM, { rows, width }, { x, out }, [Math.ceil(width / 64), 1]);
}
