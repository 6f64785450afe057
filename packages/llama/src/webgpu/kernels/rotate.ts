import type { Command, Gpu, GpuArray } from "../gpu.ts";
import type { Kernel } from "../kernel.ts";
import type { AttentionSizes } from "./attention.ts";
import { eachElement, groupsOf } from "./elements.ts";

const KERNEL: Kernel<"length" | "positions" | "rotated" | "width" | "half" | "direction", "cosines" | "sines" | "qkv"> =
  {
    name: "rotate",
    numbers: { length: "u32", positions: "u32", rotated: "u32", width: "u32", half: "u32", direction: "f32" },
    arrays: { cosines: "read f32", sines: "read f32", qkv: "write f32" },
    body: eachElement(`
    let c = i % given.half;
    let head = i / given.half;
    let row = head / given.rotated;
    let angle = row % given.positions * given.half + c;
    let at = row * given.width + head % given.rotated * 2u * given.half + c;
    let x = qkv[at];
    let y = qkv[at + given.half];
    let cosine = cosines[angle];
    let sine = given.direction * sines[angle];
    qkv[at] = x * cosine - y * sine;
    qkv[at + given.half] = y * cosine + x * sine;`),
  };

/**
 * Rotates the queries and keys of `qkv`, in place, by the angles of their positions (Su et al. 2021), in rotate-half convention.
 *
 * @param qkv - rows of `heads` queries, `kvHeads` keys, `kvHeads` values, each `headDim` wide; or its gradient.
 * @param cosines - of position × frequency, [length, headDim / 2]; `sines` likewise.
 * @param direction - 1, or −1 for the inverse, which takes a gradient back.
 */
export function rotate(
  gpu: Gpu,
  { batch, length: positions, heads, kvHeads, headDim }: AttentionSizes,
  direction: 1 | -1,
  cosines: GpuArray,
  sines: GpuArray,
  qkv: GpuArray,
): Command {
  const [half, rotated] = [headDim / 2, heads + kvHeads];
  const length = batch * positions * rotated * half;
  const numbers = { length, positions, rotated, width: (rotated + kvHeads) * headDim, half, direction };
  return gpu.command(KERNEL, numbers, { cosines, sines, qkv }, groupsOf(length));
}
