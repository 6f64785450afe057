import type { AttentionShape } from "../../kernels/kernels.ts";
import type { Command, Gpu, GpuArray } from "../gpu.ts";
import type { Kernel } from "../kernel.ts";

/** Sizes of an attention call: `batch` sequences of `length` rows. */
export type AttentionSizes = Omit<AttentionShape, "normEps">;

/** Arrays of {@link attention} and its backward pass, for `batch` sequences of `length` rows. */
export interface AttentionArrays {
  /** Rows of `heads` queries, `kvHeads` keys, `kvHeads` values, each `headDim` wide; queries and keys are rotated. */
  readonly qkv: GpuArray;
  /** Rows of heads × headDim. */
  readonly out: GpuArray;
  /** ln Σ e^score of each query, [batch, heads, length]. */
  readonly logSums: GpuArray;
}

/** Arrays of {@link attentionBackward}. */
export interface AttentionBackwardArrays extends AttentionArrays {
  /** Gradient of `out`. */
  readonly dOut: GpuArray;
  /** Overwritten with out · dOut of each query, [batch, heads, length]. */
  readonly pulls: GpuArray;
  /** Overwritten with the gradient of `qkv`, queries and keys still rotated. */
  readonly dQkv: GpuArray;
}

/** Threads of a workgroup, each of which owns a query, or a key with its value. */
const THREADS = 64;
/** Numbers of each of two matrices in workgroup memory: 16 KiB together, which every device has. */
const SHARED = 2048;

/** Rows of the matrices that all threads of a workgroup read at a time. */
const tileRows = (headDim: number): number => Math.max(1, Math.min(16, Math.floor(SHARED / headDim)));

type Sizes = "length" | "heads" | "kvHeads";
const SIZES = { length: "u32", heads: "u32", kvHeads: "u32" } as const;

/** WGSL that all kernels of attention begin with. `scale` is that of the scores. */
const head = (headDim: number): string => `
const D = ${headDim}u;
const ROWS = ${tileRows(headDim)}u;
const scale = ${1 / Math.sqrt(headDim)};
var<workgroup> tileA: array<f32, ROWS * D>;
var<workgroup> tileB: array<f32, ROWS * D>;

fn width() -> u32 { return (given.heads + 2u * given.kvHeads) * D; }
`;

const MAIN = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {`;

/** A query's place: `i` in its sequence, of head `h`. */
const QUERY = `
  let h = group.y % given.heads;
  let b = group.y / given.heads;
  let g = h * given.kvHeads / given.heads;
  let i = group.x * ${THREADS}u + thread;
  let inside = i < given.length;
  let row = b * given.length + i;
  let at = (row * given.heads + h) * D;
  let stat = group.y * given.length + i;
  let end = min(given.length, (group.x + 1u) * ${THREADS}u); // later keys see none of these queries`;

/** Loads keys and values `first` and later into the tiles. */
const LOAD_KEYS = `
    workgroupBarrier(); // all have read the last tile
    for (var e = thread; e < ROWS * D; e += ${THREADS}u) {
      let j = first + e / D;
      var key = 0.0;
      var value = 0.0;
      if (j < end) {
        let source = (b * given.length + j) * width() + (given.heads + g) * D + e % D;
        key = qkv[source];
        value = qkv[source + given.kvHeads * D];
      }
      tileA[e] = key;
      tileB[e] = value;
    }
    workgroupBarrier();`;

const forward = (headDim: number): Kernel<Sizes, keyof AttentionArrays> => ({
  name: `attention ${headDim}`,
  numbers: SIZES,
  arrays: { qkv: "read f32", out: "write f32", logSums: "write f32" },
  body: `${head(headDim)}${MAIN}${QUERY}
  var query: array<f32, D>;
  var sums: array<f32, D>;
  if (inside) {
    for (var c = 0u; c < D; c++) { query[c] = scale * qkv[row * width() + h * D + c]; }
  }
  var top = -3.0e38;
  var total = 0.0;
  for (var first = 0u; first < end; first += ROWS) {${LOAD_KEYS}
    if (inside && first <= i) {
      let count = min(ROWS, i + 1u - first);
      var scores: array<f32, ROWS>;
      var largest = top;
      for (var j = 0u; j < count; j++) {
        var score = 0.0;
        for (var c = 0u; c < D; c++) { score += query[c] * tileA[j * D + c]; }
        scores[j] = score;
        largest = max(largest, score);
      }
      let shrink = exp(top - largest);
      top = largest;
      total *= shrink;
      for (var c = 0u; c < D; c++) { sums[c] *= shrink; }
      for (var j = 0u; j < count; j++) {
        let weight = exp(scores[j] - top);
        total += weight;
        for (var c = 0u; c < D; c++) { sums[c] += weight * tileB[j * D + c]; }
      }
    }
  }
  if (inside) {
    for (var c = 0u; c < D; c++) { out[at + c] = sums[c] / total; }
    logSums[stat] = top + log(total);
  }
}`,
});

const pulls = (headDim: number): Kernel<"length" | "heads" | "queries", "out" | "dOut" | "pulls"> => ({
  name: `attention pulls ${headDim}`,
  numbers: { length: "u32", heads: "u32", queries: "u32" },
  arrays: { out: "read f32", dOut: "read f32", pulls: "write f32" },
  body: `
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var n = id.x; n < given.queries; n += groups.x * ${THREADS}u) {
    var sum = 0.0;
    for (var at = n * ${headDim}u; at < (n + 1u) * ${headDim}u; at++) { sum += out[at] * dOut[at]; }
    let row = n / given.heads;
    let b = row / given.length;
    pulls[(b * given.heads + n % given.heads) * given.length + row % given.length] = sum;
  }
}`,
});

type Backward = Kernel<Sizes, "qkv" | "dOut" | "logSums" | "pulls" | "dQkv">;
const BACKWARD_ARRAYS: Backward["arrays"] = {
  qkv: "read f32",
  dOut: "read f32",
  logSums: "read f32",
  pulls: "read f32",
  dQkv: "write f32",
};

const queriesBackward = (headDim: number): Backward => ({
  name: `attention queries backward ${headDim}`,
  numbers: SIZES,
  arrays: BACKWARD_ARRAYS,
  body: `${head(headDim)}${MAIN}${QUERY}
  var query: array<f32, D>;
  var d: array<f32, D>;
  var sums: array<f32, D>;
  var logSum = 0.0;
  var pull = 0.0;
  if (inside) {
    for (var c = 0u; c < D; c++) {
      query[c] = scale * qkv[row * width() + h * D + c];
      d[c] = dOut[at + c];
    }
    logSum = logSums[stat];
    pull = pulls[stat];
  }
  for (var first = 0u; first < end; first += ROWS) {${LOAD_KEYS}
    if (inside && first <= i) {
      for (var j = 0u; j < min(ROWS, i + 1u - first); j++) {
        var score = 0.0;
        var dWeight = 0.0;
        for (var c = 0u; c < D; c++) {
          score += query[c] * tileA[j * D + c];
          dWeight += d[c] * tileB[j * D + c];
        }
        let dScore = exp(score - logSum) * (dWeight - pull);
        for (var c = 0u; c < D; c++) { sums[c] += dScore * tileA[j * D + c]; }
      }
    }
  }
  if (inside) {
    for (var c = 0u; c < D; c++) { dQkv[row * width() + h * D + c] = scale * sums[c]; }
  }
}`,
});

const keysBackward = (headDim: number): Backward => ({
  name: `attention keys backward ${headDim}`,
  numbers: SIZES,
  arrays: BACKWARD_ARRAYS,
  body: `${head(headDim)}${MAIN}
  let g = group.y % given.kvHeads;
  let b = group.y / given.kvHeads;
  let j = group.x * ${THREADS}u + thread;
  let inside = j < given.length;
  let at = (b * given.length + j) * width() + (given.heads + g) * D;
  let sharing = given.heads / given.kvHeads;
  var key: array<f32, D>;
  var value: array<f32, D>;
  var dKey: array<f32, D>;
  var dValue: array<f32, D>;
  if (inside) {
    for (var c = 0u; c < D; c++) {
      key[c] = scale * qkv[at + c];
      value[c] = qkv[at + given.kvHeads * D + c];
    }
  }
  for (var h = g * sharing; h < (g + 1u) * sharing; h++) {
    for (var first = group.x * ${THREADS}u; first < given.length; first += ROWS) {
      workgroupBarrier();
      for (var e = thread; e < ROWS * D; e += ${THREADS}u) {
        let row = b * given.length + first + e / D;
        var query = 0.0;
        var d = 0.0;
        if (first + e / D < given.length) {
          query = qkv[row * width() + h * D + e % D];
          d = dOut[(row * given.heads + h) * D + e % D];
        }
        tileA[e] = query;
        tileB[e] = d;
      }
      workgroupBarrier();
      if (inside) {
        for (var n = 0u; n < min(ROWS, given.length - first); n++) {
          let i = first + n;
          if (i < j) { continue; }
          let stat = (b * given.heads + h) * given.length + i;
          var score = 0.0;
          var dWeight = 0.0;
          for (var c = 0u; c < D; c++) {
            score += key[c] * tileA[n * D + c];
            dWeight += value[c] * tileB[n * D + c];
          }
          let weight = exp(score - logSums[stat]);
          let dScore = weight * (dWeight - pulls[stat]);
          for (var c = 0u; c < D; c++) {
            dKey[c] += dScore * tileA[n * D + c];
            dValue[c] += weight * tileB[n * D + c];
          }
        }
      }
    }
  }
  if (inside) {
    for (var c = 0u; c < D; c++) {
      dQkv[at + c] = scale * dKey[c];
      dQkv[at + given.kvHeads * D + c] = dValue[c];
    }
  }
}`,
});

/**
 * Causal attention: out ← softmax(q kᵀ / √headDim) v over the rows up to a query's own; query head h reads key head ⌊h kvHeads / heads⌋.
 *
 * The scores are taken a tile of keys at a time with a running maximum (Milakov and Gimelshein 2018; Dao et al. 2022), so that memory grows
 * with `length`, not with its square. Cost: 2 length² headDim flops a head. Accuracy: float32 sums.
 */
export function attention(gpu: Gpu, shape: AttentionSizes, { qkv, out, logSums }: AttentionArrays): Command {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const groups = [Math.ceil(length / THREADS), batch * heads] as const;
  return gpu.command(forward(headDim), { length, heads, kvHeads }, { qkv, out, logSums }, groups);
}

/**
 * Backward pass of {@link attention}, in three commands to run in order. The weights are computed again from `logSums`, once by query and
 * once by key, so that equal input gives equal bits. Cost: 7 length² headDim flops a head.
 */
export function attentionBackward(
  gpu: Gpu,
  shape: AttentionSizes,
  arrays: AttentionBackwardArrays,
): readonly Command[] {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const { out, dOut } = arrays;
  const sizes = { length, heads, kvHeads };
  const queries = batch * length * heads;
  const blocks = Math.ceil(length / THREADS);
  const pullGroups = [Math.min(32_768, Math.ceil(queries / THREADS)), 1] as const;
  return [
    gpu.command(pulls(headDim), { length, heads, queries }, { out, dOut, pulls: arrays.pulls }, pullGroups),
    gpu.command(queriesBackward(headDim), sizes, arrays, [blocks, batch * heads]),
    gpu.command(keysBackward(headDim), sizes, arrays, [blocks, batch * kvHeads]),
  ];
}
