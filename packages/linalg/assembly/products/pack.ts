import { roundUp } from "./tile";
// Panels: `width` lines of a matrix side by side, element (line, p) at p * width + line, zeros where there is no line.
// S is the source's element type, T the panel's; f32 is widened to f64.

/** Packs lines that are contiguous: line i starts at source + i * ld bytes. */
export function packLines<S, T>(width: usize, lines: usize, k: usize, source: usize, ld: usize, panel: usize): void {
  const stride = width * sizeof<T>();
  for (let i: usize = 0; i < lines; i += width, panel += k * stride) {
    const count = min(width, lines - i);
    const from = source + i * ld;
    let line: usize = 0;
    if (sizeof<T>() == 4 && width > 2) {
      for (; line + 4 <= count; line += 4) transpose4<T>(k, from + line * ld, ld, panel + line * sizeof<T>(), stride);
    } else {
      for (; line + 2 <= count; line += 2) transpose2<S, T>(k, from + line * ld, ld, panel + line * sizeof<T>(), stride);
    }
    for (; line < width; line++) {
      const to = panel + line * sizeof<T>();
      for (let p: usize = 0; p < k; p++) {
        store<T>(to + p * stride, line < count ? <T>load<S>(from + line * ld + p * sizeof<S>()) : <T>0);
      }
    }
  }
}

/** Panels that are filled side by side, so that memory is read in stretches of some hundred bytes. */
const GROUP: usize = 4;

/** Packs lines that lie across: element (line, p) is the line-th of the row at source + p * ld bytes. */
export function packAcross<S, T>(width: usize, lines: usize, k: usize, source: usize, ld: usize, panels: usize): void {
  const panel = k * width * sizeof<T>();
  const whole = lines - (lines % width);
  for (let i: usize = 0; i < whole; i += GROUP * width, panels += GROUP * panel) {
    copyGroup<S, T>(width, min(GROUP * width, whole - i), k, source + i * sizeof<S>(), ld, panels, panel);
  }
  if (whole == lines) return;
  let to = panels - ((roundUp(whole, GROUP * width) - whole) / width) * panel;
  for (let p: usize = 0; p < k; p++) {
    const from = source + p * ld + whole * sizeof<S>();
    for (let line: usize = 0; line < width; line++, to += sizeof<T>()) {
      store<T>(to, whole + line < lines ? <T>load<S>(from + line * sizeof<S>()) : <T>0);
    }
  }
}

// @ts-ignore: decorator
@inline
function copyGroup<S, T>(width: usize, lines: usize, k: usize, source: usize, ld: usize, panels: usize, panel: usize): void {
  const bytes = (16 / sizeof<T>()) * sizeof<S>();
  const stride = width * sizeof<T>();
  for (let p: usize = 0; p < k; p++, source += ld, panels += stride) {
    let from = source;
    const end = source + lines * sizeof<S>();
    for (let to = panels; from < end; to += panel) {
      if (stride == 64) {
        const x0 = vector<S, T>(from), x1 = vector<S, T>(from + bytes);
        const x2 = vector<S, T>(from + 2 * bytes), x3 = vector<S, T>(from + 3 * bytes);
        v128.store(to, x0);
        v128.store(to, x1, 16);
        v128.store(to, x2, 32);
        v128.store(to, x3, 48);
      } else if (stride == 16) v128.store(to, vector<S, T>(from));
      else store<u64>(to, load<u64>(from));
      from += width * sizeof<S>();
    }
  }
}

/** Interleaves two contiguous lines. */
// @ts-ignore: decorator
@inline
function transpose2<S, T>(k: usize, from: usize, ld: usize, to: usize, stride: usize): void {
  const lanes = 16 / sizeof<T>();
  let p: usize = 0;
  for (; p + lanes <= k; p += lanes, from += lanes * sizeof<S>(), to += lanes * stride) {
    const x = vector<S, T>(from);
    const y = vector<S, T>(from + ld);
    if (sizeof<T>() == 8) {
      v128.store(to, v128.shuffle<u64>(x, y, 0, 2));
      v128.store(to + stride, v128.shuffle<u64>(x, y, 1, 3));
    } else {
      // A panel two wide: the pairs of one p and the next are neighbours.
      v128.store(to, v128.shuffle<u32>(x, y, 0, 4, 1, 5));
      v128.store(to + 16, v128.shuffle<u32>(x, y, 2, 6, 3, 7));
    }
  }
  for (; p < k; p++, from += sizeof<S>(), to += stride) {
    store<T>(to, <T>load<S>(from));
    store<T>(to + sizeof<T>(), <T>load<S>(from + ld));
  }
}

/** Interleaves four contiguous lines of f32. */
// @ts-ignore: decorator
@inline
function transpose4<T>(k: usize, from: usize, ld: usize, to: usize, stride: usize): void {
  let p: usize = 0;
  for (; p + 4 <= k; p += 4, from += 16, to += 4 * stride) {
    const x0 = v128.load(from), x1 = v128.load(from + ld), x2 = v128.load(from + 2 * ld), x3 = v128.load(from + 3 * ld);
    const low01 = v128.shuffle<u32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<u32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<u32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<u32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<u64>(low01, low23, 0, 2));
    v128.store(to + stride, v128.shuffle<u64>(low01, low23, 1, 3));
    v128.store(to + 2 * stride, v128.shuffle<u64>(high01, high23, 0, 2));
    v128.store(to + 3 * stride, v128.shuffle<u64>(high01, high23, 1, 3));
  }
  for (; p < k; p++, from += 4, to += stride) {
    for (let line: usize = 0; line < 4; line++) store<f32>(to + line * 4, load<f32>(from + line * ld));
  }
}

/** One vector of T from as many elements of S. */
// @ts-ignore: decorator
@inline
function vector<S, T>(from: usize): v128 {
  return sizeof<S>() == sizeof<T>() ? v128.load(from) : f64x2.promote_low_f32x4(v128.load64_zero(from));
}
