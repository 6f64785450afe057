import { block, TILE_BYTES } from "./block";
import { packAcross, packLines } from "./pack";
import { columns, MR, roundUp } from "./tile";

/** Inner terms of a block: a panel of B (KC × 64 bytes) stays in the first-level cache. */
export const KC: usize = 256;
/** Rows of a block of A, which stays in the second-level cache. */
export const MC: usize = 192;
/** Columns of a block of B. */
export const NC: usize = 2048;
/** Up to so many columns of C, it is formed as its transpose where A is transposed. */
const FEW_COLUMNS: usize = 16;
/** Up to so many panels, a row of A is read too few times to be worth packing; and so many lie close together. */
const FEW_PANELS: usize = 4;

/** Bytes of scratch for one product. */
export function gemmScratch<T>(m: usize, n: usize, k: usize): usize {
  const kc = min(k, KC);
  const straight = roundUp(min(n, NC), columns<T>()) + roundUp(min(m, MC), MR);
  const turned = roundUp(min(m, NC), columns<T>()) + roundUp(min(n, MC), MR);
  return TILE_BYTES + kc * sizeof<T>() * max(straight, turned);
}

/** The contract of `Engine.gemm`, with addresses in bytes and scratch of {@link gemmScratch} bytes. */
export function gemm<T>(
  transA: bool, transB: bool, m: usize, n: usize, k: usize,
  alpha: T, a: usize, lda: usize, b: usize, ldb: usize, beta: T, c: usize, ldc: usize, scratch: usize,
): void {
  lda *= sizeof<T>();
  ldb *= sizeof<T>();
  ldc *= sizeof<T>();
  if (alpha == <T>0) k = 0;
  // A transposed A with few columns of C: Cᵀ ← op(B)ᵀ op(A)ᵀ reads it along its rows.
  if (transA && n <= FEW_COLUMNS && n < m) blocks<T>(!transB, false, n, m, k, alpha, b, ldb, a, lda, beta, c, sizeof<T>(), ldc, scratch);
  else blocks<T>(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, sizeof<T>(), scratch);
}

function blocks<T>(
  transA: bool, transB: bool, m: usize, n: usize, k: usize, alpha: T, a: usize, lda: usize, b: usize, ldb: usize,
  beta: T, c: usize, cRow: usize, cCol: usize, scratch: usize,
): void {
  const size = sizeof<T>();
  const panels = scratch + TILE_BYTES;
  const packedA = panels + min(k, KC) * size * roundUp(min(n, NC), columns<T>());
  const directA = !transA && n <= FEW_PANELS * columns<T>();
  // One block of A reads each panel of B once: then panels are packed a few at a time, and stay close.
  const once = m <= MC;
  const width = once ? FEW_PANELS * columns<T>() : NC;
  let p: usize = 0;
  do {
    const kc = min(KC, k - p);
    const kept: T = p == 0 ? beta : <T>1;
    for (let j: usize = 0; j < n; j += width) {
      const nc = min(width, n - j);
      if (transB) packLines<T, T>(columns<T>(), nc, kc, b + j * ldb + p * size, ldb, panels);
      else packAcross<T, T>(columns<T>(), nc, kc, b + p * ldb + j * size, ldb, panels);
      for (let i: usize = 0; i < m; i += MC) {
        const mc = min(MC, m - i);
        let rows = transA ? a + p * lda + i * size : a + i * lda + p * size;
        let aPair = MR * lda, aRow = lda, aStep = size;
        if (!directA) {
          if (j == 0 || !once) {
            if (transA) packAcross<T, T>(MR, mc, kc, rows, lda, packedA);
            else packLines<T, T>(MR, mc, kc, rows, lda, packedA);
          }
          rows = packedA;
          aPair = MR * kc * size;
          aRow = size;
          aStep = MR * size;
        }
        block<T>(mc, nc, kc, alpha, rows, aPair, aRow, aStep, panels, kept, c + i * cRow + j * cCol, cRow, cCol, n, scratch);
      }
    }
    p += KC;
  } while (p < k);
}
