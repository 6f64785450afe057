import { pack, packRotated, transposePanels, unpackRotated } from "./head";
import { dotRow, scaleRow } from "./row";
import { softmaxGradientRow } from "./softmax";
import { scores, strip } from "./strip";
import { padded, TILE } from "./tile";

/** Query rows in one block of probabilities. */
const BLOCK: i32 = 32;

/**
 * Backward pass of attention: overwrites qkv with its gradient. dOut and out: [batch, length, heads headDim]; sums: [batch, 2 headDim], the
 * gradients of norms, if there are any.
 */
export function attentionBackward(
  batch: i32,
  length: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  qkv: usize,
  cosines: usize,
  sines: usize,
  out: usize,
  dOut: usize,
  stats: usize,
  scratch: usize,
  eps: f32,
  norms: usize,
  sums: usize,
): void {
  const width = padded(headDim);
  const area = <usize>(padded(length) * width) << 2;
  const q = scratch;
  const k = q + area;
  const v = k + area;
  const keys = v + area; // k transposed, in panels
  const values = keys + area; // v transposed, in panels
  const o = values + area; // gradient of the head's output
  const dQ = o + area;
  const dK = dQ + area;
  const dV = dK + area;
  // Padded by a tile: at a row stride of a power of two, a column of probabilities maps to few cache sets.
  const pRow = <usize>(padded(length) + TILE) << 2;
  const p = dV + area;
  const dS = p + <usize>BLOCK * pRow;
  const line = <usize>width << 2;
  const rowBytes = <usize>((heads + 2 * kvHeads) * headDim) << 2;
  const headBytes = <usize>headDim << 2;
  const outRow = <usize>heads * headBytes;
  const group = heads / kvHeads;
  const scale: f32 = 1 / sqrt<f32>(<f32>headDim);
  const keyNorm = norms !== 0 ? norms + headBytes : 0;
  for (let b = 0; b < batch; b++) {
    const querySums = sums + <usize>b * 2 * headBytes;
    const keySums = querySums + headBytes;
    if (norms !== 0) memory.fill(querySums, 0, 2 * headBytes);
    const rows = qkv + <usize>(b * length) * rowBytes;
    for (let g = 0; g < kvHeads; g++) {
      const kColumn = rows + <usize>(heads + g) * headBytes;
      const vColumn = rows + <usize>(heads + kvHeads + g) * headBytes;
      packRotated(0, length, headDim, kColumn, rowBytes, cosines, sines, 1, eps, keyNorm, k);
      pack(length, headDim, vColumn, rowBytes, v);
      transposePanels(length, width, k, keys);
      transposePanels(length, width, v, values);
      memory.fill(dK, 0, 2 * area);
      for (let h = g * group; h < (g + 1) * group; h++) {
        const column = <usize>(b * length) * outRow + <usize>h * headBytes;
        const stat = stats + (<usize>((b * heads + h) * length) << 3);
        const qColumn = rows + <usize>h * headBytes;
        packRotated(0, length, headDim, qColumn, rowBytes, cosines, sines, scale, eps, norms, q);
        pack(length, headDim, dOut + column, outRow, o);
        for (let top = 0; top < length; top += BLOCK) {
          const bottom = min(top + BLOCK, length);
          for (let i = top; i < bottom; i += 2) {
            const n = padded(i + 2);
            const pAt = p + <usize>(i - top) * pRow;
            const dAt = dS + <usize>(i - top) * pRow;
            scores(i, n, width, q, keys, pAt, pRow);
            scores(i, n, width, o, values, dAt, pRow);
            for (let r = i; r < i + 2; r++) {
              const shift = <usize>(r - i) * pRow;
              if (r < length) {
                const pull = dotRow(headDim, out + column + <usize>r * outRow, o + <usize>r * line);
                softmaxGradientRow(n, r + 1, stat + (<usize>r << 3), pull, pAt + shift, dAt + shift);
              } else {
                memory.fill(pAt + shift, 0, <usize>n << 2);
                memory.fill(dAt + shift, 0, <usize>n << 2);
              }
            }
            const dQAt = dQ + <usize>i * line;
            strip(width, n, dAt, dAt + pRow, 4, k, 64, line, dQAt, dQAt + line, false);
          }
          for (let j = 0; j < bottom; j += 2) {
            // Rows above j do not attend to key j.
            const i = max(top, j);
            const shift = <usize>(i - top) * pRow + (<usize>j << 2);
            const at = <usize>j * line;
            const seen = ((bottom + 1) & ~1) - i;
            strip(width, seen, p + shift, p + shift + 4, pRow, o + <usize>i * line, 64, line, dV + at, dV + at + line, true);
            strip(width, seen, dS + shift, dS + shift + 4, pRow, q + <usize>i * line, 64, line, dK + at, dK + at + line, true);
          }
        }
        unpackRotated(length, headDim, dQ, cosines, sines, scale, eps, norms, qColumn, rowBytes, querySums);
      }
      unpackRotated(length, headDim, dK, cosines, sines, 1, eps, keyNorm, kColumn, rowBytes, keySums);
      for (let i = 0; i < length; i++) scaleRow(headDim, 1, dV + <usize>i * line, vColumn + <usize>i * rowBytes);
    }
  }
}
