import type { Command, Gpu, GpuArray } from "../gpu.ts";
import type { Kernel } from "../kernel.ts";
import { eachElement, groupsOf } from "./elements.ts";

const FORWARD: Kernel<"length" | "dim", "table" | "tokens" | "out"> = {
  name: "embed",
  numbers: { length: "u32", dim: "u32" },
  arrays: { table: "read f32", tokens: "read i32", out: "write f32" },
  body: eachElement(`
    out[i] = table[u32(tokens[i / given.dim]) * given.dim + i % given.dim];`),
};

/** out[r] ← table[tokens[r]], `rows` rows of `dim`. `tokens` are int32, inside the table. */
export function embed(gpu: Gpu, rows: number, dim: number, table: GpuArray, tokens: GpuArray, out: GpuArray): Command {
  return gpu.command(FORWARD, { length: rows * dim, dim }, { table, tokens, out }, groupsOf(rows * dim));
}

const GRADIENT: Kernel<"rows" | "dim", "tokens" | "dOut" | "dTable"> = {
  name: "embedGradient",
  numbers: { rows: "u32", dim: "u32" },
  arrays: { tokens: "read i32", dOut: "read f32", dTable: "write f32" },
  body: `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let token = tokens[row];
  for (var r = 0u; r < row; r++) {
    if (tokens[r] == token) { return; } // the workgroup of the token's first row sums them all
  }
  for (var c = thread; c < given.dim; c += 64u) {
    var sum = dTable[u32(token) * given.dim + c];
    for (var r = row; r < given.rows; r++) {
      if (tokens[r] == token) { sum += dOut[r * given.dim + c]; }
    }
    dTable[u32(token) * given.dim + c] = sum;
  }
}`,
};

/**
 * dTable[tokens[r]] += dOut[r], in the order of r, so that equal input gives equal bits.
 *
 * Cost: reads of `rows` tokens for each row, beside the sums.
 */
export function embedGradient(
  gpu: Gpu,
  rows: number,
  dim: number,
  tokens: GpuArray,
  dOut: GpuArray,
  dTable: GpuArray,
): Command {
  return gpu.command(GRADIENT, { rows, dim }, { tokens, dOut, dTable }, [rows, 1]);
}
