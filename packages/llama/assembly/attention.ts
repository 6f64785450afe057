import { pack, packRotated, transposePanels } from "./head";
import { scaleRow } from "./row";
import { softmaxRow } from "./softmax";
import { scores, strip } from "./strip";
import { padded } from "./tile";

/**
 * Causal attention with rotary positions. A row of qkv is heads of q, then kvHeads of k, then kvHeads of v, each headDim wide.
 * norms: weights of the norm of queries, then of keys, headDim each, or 0. Rows `start` to `length` of each sequence are computed. out: [batch, length, heads headDim]; stats: [batch, heads, length, 2],
 * the row's largest score and the inverse of its sum of exponentials.
 */
export function attention(
  batch: i32,
  start: i32,
  length: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  qkv: usize,
  cosines: usize,
  sines: usize,
  out: usize,
  stats: usize,
  scratch: usize,
  eps: f32,
  norms: usize,
): void {
  const width = padded(headDim);
  const area = <usize>(padded(length) * width) << 2;
  const q = scratch;
  const k = q + area;
  const v = k + area;
  const keys = v + area; // k transposed, in panels
  const o = keys + area;
  const p = o + 2 * (<usize>width << 2);
  const pRow = <usize>padded(length) << 2;
  const rowBytes = <usize>((heads + 2 * kvHeads) * headDim) << 2;
  const headBytes = <usize>headDim << 2;
  const outRow = <usize>heads * headBytes;
  const group = heads / kvHeads;
  const scale: f32 = 1 / sqrt<f32>(<f32>headDim);
  const keyNorm = norms !== 0 ? norms + headBytes : 0;
  const first = start & ~1;
  for (let b = 0; b < batch; b++) {
    const rows = qkv + <usize>(b * length) * rowBytes;
    const outs = out + <usize>(b * length) * outRow;
    for (let g = 0; g < kvHeads; g++) {
      packRotated(0, length, headDim, rows + <usize>(heads + g) * headBytes, rowBytes, cosines, sines, 1, eps, keyNorm, k);
      pack(length, headDim, rows + <usize>(heads + kvHeads + g) * headBytes, rowBytes, v);
      transposePanels(length, width, k, keys);
      for (let h = g * group; h < (g + 1) * group; h++) {
        const qColumn = rows + <usize>h * headBytes;
        packRotated(first, length, headDim, qColumn, rowBytes, cosines, sines, scale, eps, norms, q);
        const stat = stats + (<usize>((b * heads + h) * length) << 3);
        for (let i = first; i < length; i += 2) {
          const n = padded(i + 2);
          scores(i, n, width, q, keys, p, pRow);
          softmaxRow(n, i + 1, p, stat + (<usize>i << 3));
          if (i + 1 < length) softmaxRow(n, i + 2, p + pRow, stat + (<usize>(i + 1) << 3));
          strip(width, n, p, p + pRow, 4, v, 64, <usize>width << 2, o, o + (<usize>width << 2), false);
          for (let r = max(i, start); r < min(i + 2, length); r++) {
            const from = o + (<usize>((r - i) * width) << 2);
            const to = outs + <usize>r * outRow + <usize>h * headBytes;
            scaleRow(headDim, load<f32>(stat + (<usize>r << 3), 4), from, to);
          }
        }
      }
    }
  }
}
