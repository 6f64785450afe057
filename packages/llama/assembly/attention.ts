import { exp4, maxLanes, sumLanes } from "./exp";

/** Scratch rows and columns are padded with zeros to whole tiles of 16 floats, so that no product has an edge. */
const TILE: i32 = 16;
/** Query rows whose probabilities are kept at once while going back. */
const BLOCK: i32 = 32;

// @ts-ignore: decorator
@inline
function padded(n: i32): i32 {
  return (n + TILE - 1) & ~(TILE - 1);
}

/**
 * Causal attention with rotary positions. A row of qkv is heads of q, then kvHeads of k, then kvHeads of v, each headDim wide.
 * Rows `start` to `length` of each sequence are computed. out: [batch, length, heads headDim]; stats: [batch, heads, length, 2],
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
  const first = start & ~1;
  for (let b = 0; b < batch; b++) {
    const rows = qkv + <usize>(b * length) * rowBytes;
    const outs = out + <usize>(b * length) * outRow;
    for (let g = 0; g < kvHeads; g++) {
      packRotated(0, length, headDim, rows + <usize>(heads + g) * headBytes, rowBytes, cosines, sines, 1, k);
      pack(length, headDim, rows + <usize>(heads + kvHeads + g) * headBytes, rowBytes, v);
      transposePanels(length, width, k, keys);
      for (let h = g * group; h < (g + 1) * group; h++) {
        packRotated(first, length, headDim, rows + <usize>h * headBytes, rowBytes, cosines, sines, scale, q);
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

/** Gradients of attention: qkv, whose values are read first, becomes its gradient. dOut and out: [batch, length, heads headDim]. */
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
  // A row more than a power of two apart, so that a column of probabilities does not fall into few cache sets.
  const pRow = <usize>(padded(length) + TILE) << 2;
  const p = dV + area;
  const dS = p + <usize>BLOCK * pRow;
  const line = <usize>width << 2;
  const rowBytes = <usize>((heads + 2 * kvHeads) * headDim) << 2;
  const headBytes = <usize>headDim << 2;
  const outRow = <usize>heads * headBytes;
  const group = heads / kvHeads;
  const scale: f32 = 1 / sqrt<f32>(<f32>headDim);
  for (let b = 0; b < batch; b++) {
    const rows = qkv + <usize>(b * length) * rowBytes;
    for (let g = 0; g < kvHeads; g++) {
      const kColumn = rows + <usize>(heads + g) * headBytes;
      const vColumn = rows + <usize>(heads + kvHeads + g) * headBytes;
      packRotated(0, length, headDim, kColumn, rowBytes, cosines, sines, 1, k);
      pack(length, headDim, vColumn, rowBytes, v);
      transposePanels(length, width, k, keys);
      transposePanels(length, width, v, values);
      memory.fill(dK, 0, 2 * area);
      for (let h = g * group; h < (g + 1) * group; h++) {
        const column = <usize>(b * length) * outRow + <usize>h * headBytes;
        const stat = stats + (<usize>((b * heads + h) * length) << 3);
        packRotated(0, length, headDim, rows + <usize>h * headBytes, rowBytes, cosines, sines, scale, q);
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
            // Rows above j do not see key j.
            const i = max(top, j);
            const shift = <usize>(i - top) * pRow + (<usize>j << 2);
            const at = <usize>j * line;
            const seen = ((bottom + 1) & ~1) - i;
            strip(width, seen, p + shift, p + shift + 4, pRow, o + <usize>i * line, 64, line, dV + at, dV + at + line, true);
            strip(width, seen, dS + shift, dS + shift + 4, pRow, q + <usize>i * line, 64, line, dK + at, dK + at + line, true);
          }
        }
        unpackRotated(length, headDim, dQ, cosines, sines, scale, rows + <usize>h * headBytes, rowBytes);
      }
      unpackRotated(length, headDim, dK, cosines, sines, 1, kColumn, rowBytes);
      for (let i = 0; i < length; i++) scaleRow(headDim, 1, dV + <usize>i * line, vColumn + <usize>i * rowBytes);
    }
  }
}

/** Two rows i and i + 1 of a times n columns of a transposed matrix in panels. */
// @ts-ignore: decorator
@inline
function scores(i: i32, n: i32, width: i32, a: usize, panels: usize, out: usize, outRow: usize): void {
  const line = <usize>width << 2;
  const at = a + <usize>i * line;
  strip(n, width, at, at + line, 4, panels, 16 * line, 64, out, out + outRow, false);
}

/**
 * Two rows of a product: c0, c1 (n floats, n a multiple of 16) <- or += A B with k terms. Element p of the rows of A stands at
 * a0 + p aStep and a1 + p aStep; element (p, j) of B at b + (j / 16) bTile + p bRow + 4 (j mod 16). Steps in bytes.
 */
function strip(
  n: i32,
  k: i32,
  a0: usize,
  a1: usize,
  aStep: usize,
  b: usize,
  bTile: usize,
  bRow: usize,
  c0: usize,
  c1: usize,
  add: bool,
): void {
  for (let j = 0; j < n; j += TILE) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    let t0 = f32x4.splat(0);
    let t1 = f32x4.splat(0);
    let t2 = f32x4.splat(0);
    let t3 = f32x4.splat(0);
    let x = a0;
    let y = a1;
    let z = b;
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(z);
      const b1 = v128.load(z, 16);
      const b2 = v128.load(z, 32);
      const b3 = v128.load(z, 48);
      const u = v128.load_splat<f32>(x);
      const w = v128.load_splat<f32>(y);
      s0 = f32x4.add(s0, f32x4.mul(u, b0));
      s1 = f32x4.add(s1, f32x4.mul(u, b1));
      s2 = f32x4.add(s2, f32x4.mul(u, b2));
      s3 = f32x4.add(s3, f32x4.mul(u, b3));
      t0 = f32x4.add(t0, f32x4.mul(w, b0));
      t1 = f32x4.add(t1, f32x4.mul(w, b1));
      t2 = f32x4.add(t2, f32x4.mul(w, b2));
      t3 = f32x4.add(t3, f32x4.mul(w, b3));
      x += aStep;
      y += aStep;
      z += bRow;
    }
    if (add) {
      s0 = f32x4.add(s0, v128.load(c0));
      s1 = f32x4.add(s1, v128.load(c0, 16));
      s2 = f32x4.add(s2, v128.load(c0, 32));
      s3 = f32x4.add(s3, v128.load(c0, 48));
      t0 = f32x4.add(t0, v128.load(c1));
      t1 = f32x4.add(t1, v128.load(c1, 16));
      t2 = f32x4.add(t2, v128.load(c1, 32));
      t3 = f32x4.add(t3, v128.load(c1, 48));
    }
    v128.store(c0, s0);
    v128.store(c0, s1, 16);
    v128.store(c0, s2, 32);
    v128.store(c0, s3, 48);
    v128.store(c1, t0);
    v128.store(c1, t1, 16);
    v128.store(c1, t2, 32);
    v128.store(c1, t3, 48);
    b += bTile;
    c0 += 64;
    c1 += 64;
  }
}

/** p (n floats) <- exp(p - max) for the first `count`, 0 for the rest; stat <- max, 1 / sum. */
function softmaxRow(n: i32, count: i32, p: usize, stat: usize): void {
  const bytes = <usize>n << 2;
  mask(n, count, p);
  let tops = v128.load(p);
  for (let i: usize = 16; i < bytes; i += 16) tops = f32x4.pmax(tops, v128.load(p + i));
  const top = maxLanes(tops);
  tops = f32x4.splat(top);
  let sums = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const e = exp4(f32x4.sub(v128.load(p + i), tops));
    sums = f32x4.add(sums, e);
    v128.store(p + i, e);
  }
  store<f32>(stat, top);
  store<f32>(stat, 1 / sumLanes(sums), 4);
}

/** p (scores) <- probabilities, from the row's stat; d (gradient of p) <- p (d - pull), the gradient of the scores. */
function softmaxGradientRow(n: i32, count: i32, stat: usize, pull: f32, p: usize, d: usize): void {
  const bytes = <usize>n << 2;
  mask(n, count, p);
  const tops = v128.load_splat<f32>(stat);
  const inverses = v128.load_splat<f32>(stat + 4);
  const pulls = f32x4.splat(pull);
  for (let i: usize = 0; i < bytes; i += 16) {
    const probability = f32x4.mul(exp4(f32x4.sub(v128.load(p + i), tops)), inverses);
    v128.store(p + i, probability);
    v128.store(d + i, f32x4.mul(probability, f32x4.sub(v128.load(d + i), pulls)));
  }
}

// @ts-ignore: decorator
@inline
function mask(n: i32, count: i32, p: usize): void {
  for (let j = count; j < n; j++) store<f32>(p + (<usize>j << 2), -Infinity);
}

/** Rows of a head into scratch, padded with zeros to the right and below. */
function pack(length: i32, headDim: i32, x: usize, xRow: usize, out: usize): void {
  const line = <usize>padded(headDim) << 2;
  if (padded(headDim) !== headDim) memory.fill(out, 0, <usize>length * line);
  for (let i = 0; i < length; i++) memory.copy(out + <usize>i * line, x + <usize>i * xRow, <usize>headDim << 2);
  memory.fill(out + <usize>length * line, 0, <usize>(padded(length) - length) * line);
}

/** `pack` of rows first to length, each turned by its position's angles and scaled: halves (x, y) -> (x cos - y sin, y cos + x sin). */
function packRotated(
  first: i32,
  length: i32,
  headDim: i32,
  x: usize,
  xRow: usize,
  cosines: usize,
  sines: usize,
  scale: f32,
  out: usize,
): void {
  const line = <usize>padded(headDim) << 2;
  const half = <usize>(headDim >> 1) << 2;
  if (padded(headDim) !== headDim) memory.fill(out, 0, <usize>length * line);
  for (let i = first; i < length; i++) {
    const angle = <usize>i * half;
    turn(half, scale, x + <usize>i * xRow, cosines + angle, sines + angle, 1, out + <usize>i * line);
  }
  memory.fill(out + <usize>length * line, 0, <usize>(padded(length) - length) * line);
}

/** The gradient of `packRotated`, from scratch to the rows of a head. */
function unpackRotated(
  length: i32,
  headDim: i32,
  x: usize,
  cosines: usize,
  sines: usize,
  scale: f32,
  out: usize,
  outRow: usize,
): void {
  const line = <usize>padded(headDim) << 2;
  const half = <usize>(headDim >> 1) << 2;
  for (let i = 0; i < length; i++) {
    const angle = <usize>i * half;
    turn(half, scale, x + <usize>i * line, cosines + angle, sines + angle, -1, out + <usize>i * outRow);
  }
}

// @ts-ignore: decorator
@inline
function turn(half: usize, scale: f32, from: usize, cosines: usize, sines: usize, sign: f32, to: usize): void {
  const vectors = half & ~15;
  const scales = f32x4.splat(scale);
  const signed = f32x4.splat(scale * sign);
  let c: usize = 0;
  for (; c < vectors; c += 16) {
    const cosine = f32x4.mul(v128.load(cosines + c), scales);
    const sine = f32x4.mul(v128.load(sines + c), signed);
    const x = v128.load(from + c);
    const y = v128.load(from + half + c);
    v128.store(to + c, f32x4.sub(f32x4.mul(x, cosine), f32x4.mul(y, sine)));
    v128.store(to + half + c, f32x4.add(f32x4.mul(y, cosine), f32x4.mul(x, sine)));
  }
  for (; c < half; c += 4) {
    const cosine = load<f32>(cosines + c) * scale;
    const sine = load<f32>(sines + c) * scale * sign;
    const x = load<f32>(from + c);
    const y = load<f32>(from + half + c);
    store<f32>(to + c, x * cosine - y * sine);
    store<f32>(to + half + c, y * cosine + x * sine);
  }
}

/** Rows of scratch (length × width) -> panels of 16 rows, transposed: [length / 16][width][16]. */
function transposePanels(length: i32, width: i32, x: usize, out: usize): void {
  const line = <usize>width << 2;
  for (let i = 0; i < length; i += 4) {
    const from = x + <usize>i * line;
    const to = out + <usize>(i & ~(TILE - 1)) * line + (<usize>(i & (TILE - 1)) << 2);
    for (let c: usize = 0; c < line; c += 16) {
      const r0 = v128.load(from + c);
      const r1 = v128.load(from + line + c);
      const r2 = v128.load(from + 2 * line + c);
      const r3 = v128.load(from + 3 * line + c);
      const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
      const b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
      const d = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
      const e = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
      const at = to + (c << 4);
      v128.store(at, v128.shuffle<i64>(a, b, 0, 2));
      v128.store(at, v128.shuffle<i64>(a, b, 1, 3), 64);
      v128.store(at, v128.shuffle<i64>(d, e, 0, 2), 128);
      v128.store(at, v128.shuffle<i64>(d, e, 1, 3), 192);
    }
  }
}

function scaleRow(n: i32, scale: f32, x: usize, out: usize): void {
  const bytes = <usize>n << 2;
  const vectors = bytes & ~15;
  const scales = f32x4.splat(scale);
  let i: usize = 0;
  for (; i < vectors; i += 16) v128.store(out + i, f32x4.mul(v128.load(x + i), scales));
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i) * scale);
}

function dotRow(n: i32, x: usize, y: usize): f32 {
  const bytes = <usize>n << 2;
  const vectors = bytes & ~15;
  let sums = f32x4.splat(0);
  let i: usize = 0;
  for (; i < vectors; i += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(x + i), v128.load(y + i)));
  let sum = sumLanes(sums);
  for (; i < bytes; i += 4) sum += load<f32>(x + i) * load<f32>(y + i);
  return sum;
}
