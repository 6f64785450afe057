import { block, TILE_BYTES } from "./block";
import { packAcross, packLines } from "./pack";
import { columns, MR } from "./tile";

/** Inner terms of a block: a panel of B (KC × 64 bytes) stays in the first-level cache. */
export const KC: usize = 256;
/** Rows of a block of A, which stays in the second-level cache. */
export const MC: usize = 192;
/** Columns of a block of B. */
export const NC: usize = 2048;
// @ts-ignore: decorator
@inline
export function roundUp(x: usize, unit: usize): usize {
  return ((x + unit - 1) / unit) * unit;
}

/** Bytes of scratch for one product. */
export function gemmScratch<T>(m: usize, n: usize, k: usize): usize {
  const kc = min(k, KC);
  return TILE_BYTES + kc * sizeof<T>() * (roundUp(min(n, NC), columns<T>()) + roundUp(min(m, MC), MR));
}

/** The contract of `Engine.gemm`, with addresses in bytes and scratch of {@link gemmScratch} bytes. */
export function gemm<T>(
  transA: bool, transB: bool, m: usize, n: usize, k: usize,
  alpha: T, a: usize, lda: usize, b: usize, ldb: usize, beta: T, c: usize, ldc: usize, scratch: usize,
): void {
  if (alpha == <T>0) k = 0;
  lda *= sizeof<T>();
  ldb *= sizeof<T>();
  ldc *= sizeof<T>();
  const panels = scratch + TILE_BYTES;
  const blockA = panels + min(k, KC) * sizeof<T>() * roundUp(min(n, NC), columns<T>());
  for (let j: usize = 0; j < n; j += NC) {
    const nc = min(NC, n - j);
    let p: usize = 0;
    do {
      const kc = min(KC, k - p);
      if (transB) packLines<T, T>(columns<T>(), nc, kc, b + j * ldb + p * sizeof<T>(), ldb, panels);
      else packAcross<T, T>(columns<T>(), nc, kc, b + p * ldb + j * sizeof<T>(), ldb, panels);
      for (let i: usize = 0; i < m; i += MC) {
        const mc = min(MC, m - i);
        if (transA) packAcross<T, T>(MR, mc, kc, a + p * lda + i * sizeof<T>(), lda, blockA);
        else packLines<T, T>(MR, mc, kc, a + i * lda + p * sizeof<T>(), lda, blockA);
        block<T>(mc, nc, kc, alpha, blockA, panels, p == 0 ? beta : <T>1, c + i * ldc + j * sizeof<T>(), ldc, n, scratch);
      }
      p += KC;
    } while (p < k);
  }
}
