import { block, TILE_BYTES } from "./block";
import { gemmScratch, KC, MC, NC } from "./gemm";
import { packAcross, packLines } from "./pack";
import { columns, MR, roundUp } from "./tile";

/** Bytes of scratch for one Gram matrix. */
export function gramScratch(n: usize, k: usize): usize {
  return gemmScratch<f64>(n, n, k);
}

/** The contract of `Engine.gram` for elements of type S: the tiles on and below the diagonal, then their mirror image. */
export function gram<S>(trans: bool, n: usize, k: usize, a: usize, lda: usize, c: usize, ldc: usize, scratch: usize): void {
  lda *= sizeof<S>();
  ldc *= 8;
  const panels = scratch + TILE_BYTES;
  const blockA = panels + min(k, KC) * 8 * roundUp(min(n, NC), columns<f64>());
  for (let j: usize = 0; j < n; j += NC) {
    const nc = min(NC, n - j);
    let p: usize = 0;
    do {
      const kc = min(KC, k - p);
      packWidened<S>(trans, columns<f64>(), nc, kc, a, lda, j, p, panels);
      for (let i = j; i < n; i += MC) {
        const mc = min(MC, n - i);
        packWidened<S>(trans, MR, mc, kc, a, lda, i, p, blockA);
        block<f64>(mc, nc, kc, 1, blockA, MR * kc * 8, 8, MR * 8, panels, p == 0 ? 0 : 1, c + i * ldc + j * 8, ldc, 8, i - j, scratch);
      }
      p += KC;
    } while (p < k);
  }
  mirror(n, c, ldc);
}

/** Packs lines i, i + 1, … of op(A), inner terms p, p + 1, …, as f64. */
// @ts-ignore: decorator
@inline
function packWidened<S>(
  trans: bool, width: usize, lines: usize, k: usize, a: usize, lda: usize, i: usize, p: usize, panels: usize,
): void {
  if (trans) packAcross<S, f64>(width, lines, k, a + p * lda + i * sizeof<S>(), lda, panels);
  else packLines<S, f64>(width, lines, k, a + i * lda + p * sizeof<S>(), lda, panels);
}

/** Copies what lies below the diagonal above it. */
function mirror(n: usize, c: usize, ldc: usize): void {
  for (let i: usize = 1; i < n; i++) {
    for (let j: usize = 0; j < i; j++) store<f64>(c + j * ldc + i * 8, load<f64>(c + i * ldc + j * 8));
  }
}
