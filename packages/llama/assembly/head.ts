import { normRow, normRowBackward } from "./rms-norm";
import { padded, TILE } from "./tile";

/** Copies the rows of a head to scratch, padded with zeros to the right and below. */
export function pack(length: i32, headDim: i32, x: usize, xRow: usize, out: usize): void {
  const line = <usize>padded(headDim) << 2;
  if (padded(headDim) !== headDim) memory.fill(out, 0, <usize>length * line);
  for (let i = 0; i < length; i++) memory.copy(out + <usize>i * line, x + <usize>i * xRow, <usize>headDim << 2);
  memory.fill(out + <usize>length * line, 0, <usize>(padded(length) - length) * line);
}

/**
 * Packs rows first to length as `pack` does, each normed where norm, the weights' address, is not 0, then rotated by the angles of its
 * position and scaled: halves (x, y) -> (x cos - y sin, y cos + x sin).
 */
export function packRotated(
  first: i32,
  length: i32,
  headDim: i32,
  x: usize,
  xRow: usize,
  cosines: usize,
  sines: usize,
  scale: f32,
  eps: f32,
  norm: usize,
  out: usize,
): void {
  const line = <usize>padded(headDim) << 2;
  const half = <usize>(headDim >> 1) << 2;
  if (padded(headDim) !== headDim) memory.fill(out, 0, <usize>length * line);
  for (let i = first; i < length; i++) {
    const angle = <usize>i * half;
    const to = out + <usize>i * line;
    let from = x + <usize>i * xRow;
    if (norm !== 0) {
      normRow(headDim, eps, from, norm, to);
      from = to;
    }
    rotate(half, scale, from, cosines + angle, sines + angle, 1, to);
  }
  memory.fill(out + <usize>length * line, 0, <usize>(padded(length) - length) * line);
}

/** Backward pass of `packRotated`, from scratch, which may be overwritten, to the rows of a head; sums += the gradient of norm. */
export function unpackRotated(
  length: i32,
  headDim: i32,
  x: usize,
  cosines: usize,
  sines: usize,
  scale: f32,
  eps: f32,
  norm: usize,
  out: usize,
  outRow: usize,
  sums: usize,
): void {
  const line = <usize>padded(headDim) << 2;
  const half = <usize>(headDim >> 1) << 2;
  for (let i = 0; i < length; i++) {
    const angle = <usize>i * half;
    const from = x + <usize>i * line;
    const to = out + <usize>i * outRow;
    rotate(half, scale, from, cosines + angle, sines + angle, -1, norm !== 0 ? from : to);
    if (norm !== 0) normRowBackward(headDim, eps, to, norm, from, sums);
  }
}

// @ts-ignore: decorator
@inline
function rotate(half: usize, scale: f32, from: usize, cosines: usize, sines: usize, sign: f32, to: usize): void {
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

/** Copies rows of scratch (length x width) to panels of 16 rows, transposed: [length / 16][width][16]. */
export function transposePanels(length: i32, width: i32, x: usize, out: usize): void {
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
