import type { Command, Gpu, GpuArray } from "../gpu.ts";
import type { Kernel } from "../kernel.ts";

/** Options of {@link matmul}. */
export interface ProductOptions {
  /** Whether `a` is stored as k × m. Default false. */
  readonly transposeA?: boolean;
  /** Whether `b` is stored as n × k. Default false. */
  readonly transposeB?: boolean;
  /** Default 1. */
  readonly alpha?: number;
  /** Default 0: `out` is not read. */
  readonly beta?: number;
}

/** Rows and columns of the tile that a workgroup of 16 × 16 threads computes, 4 × 4 a thread. */
const TILE = 64;
/** Terms of the sums that are in workgroup memory at a time. */
const DEPTH = 16;

/**
 * out ← alpha op(a) op(b) + beta out; op(a) is m × k, op(b) is k × n, all row-major.
 *
 * Accuracy: float32 sums in the order of k. Cost: 2mnk flops; each element of an operand is read once for 64 columns or rows of the result.
 */
export function matmul(
  gpu: Gpu,
  m: number,
  n: number,
  k: number,
  a: GpuArray,
  b: GpuArray,
  out: GpuArray,
  { transposeA = false, transposeB = false, alpha = 1, beta = 0 }: ProductOptions = {},
): Command {
  const kernel = KERNELS[transposeA ? 1 : 0][transposeB ? 1 : 0];
  return gpu.command(kernel, { m, n, k, alpha, beta }, { a, b, out }, [Math.ceil(n / TILE), Math.ceil(m / TILE)]);
}

type Product = Kernel<"m" | "n" | "k" | "alpha" | "beta", "a" | "b" | "out">;

/**
 * Loads DEPTH × TILE elements of an operand into workgroup memory, [depth][line], so that neighbouring threads read neighbouring addresses.
 *
 * @param along - whether the lines are contiguous in memory, else the depth is.
 */
const load = (name: "a" | "b", lines: "m" | "n", start: string, along: boolean): string => `
    for (var e = thread; e < ${DEPTH * TILE}u; e += 256u) {
      let line = ${along ? `e % ${TILE}u` : `e / ${DEPTH}u`};
      let depth = ${along ? `e / ${TILE}u` : `e % ${DEPTH}u`};
      let i = ${start} + line;
      let p = first + depth;
      var value = 0.0;
      if (i < given.${lines} && p < given.k) {
        value = ${name}[${along ? `p * given.${lines} + i` : "i * given.k + p"}];
      }
      ${name}Tile[depth * ${TILE}u + line] = value;
    }`;

const product = (transposeA: boolean, transposeB: boolean): Product => ({
  name: `matmul ${transposeA ? "t" : "n"}${transposeB ? "t" : "n"}`,
  numbers: { m: "u32", n: "u32", k: "u32", alpha: "f32", beta: "f32" },
  arrays: { a: "read f32", b: "read f32", out: "write f32" },
  body: `
var<workgroup> aTile: array<f32, ${DEPTH * TILE}>;
var<workgroup> bTile: array<f32, ${DEPTH * TILE}>;

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row0 = group.y * ${TILE}u;
  let col0 = group.x * ${TILE}u;
  var sums: array<vec4f, 4>;
  for (var first = 0u; first < given.k; first += ${DEPTH}u) {${load("a", "m", "row0", transposeA)}${load("b", "n", "col0", !transposeB)}
    workgroupBarrier();
    for (var p = 0u; p < ${DEPTH}u; p++) {
      let x = p * ${TILE}u + 4u * local.y;
      let at = p * ${TILE}u + 4u * local.x;
      let y = vec4f(bTile[at], bTile[at + 1u], bTile[at + 2u], bTile[at + 3u]);
      sums[0] += aTile[x] * y;
      sums[1] += aTile[x + 1u] * y;
      sums[2] += aTile[x + 2u] * y;
      sums[3] += aTile[x + 3u] * y;
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < 4u; r++) {
    let i = row0 + 4u * local.y + r;
    for (var c = 0u; c < 4u; c++) {
      let j = col0 + 4u * local.x + c;
      if (i < given.m && j < given.n) {
        let at = i * given.n + j;
        var value = given.alpha * sums[r][c];
        if (given.beta != 0.0) { value += given.beta * out[at]; }
        out[at] = value;
      }
    }
  }
}`,
});

const KERNELS = [
  [product(false, false), product(false, true)],
  [product(true, false), product(true, true)],
] as const;
