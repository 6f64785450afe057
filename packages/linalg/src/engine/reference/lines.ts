import type { Engine } from "../engine.ts";
/** Squared norms of rows or columns. The contract is that of `Engine.squaredNorms`. */
export const squaredNorms: Engine["squaredNorms"] = (trans, m, n, a, aOffset, lda, out) => {
  out.fill(0, 0, trans ? n : m);
  for (let i = 0; i < m; i++) {
    for (let j = 0, at = aOffset + i * lda; j < n; j++, at++) out[trans ? j : i]! += a[at]! * a[at]!;
  }
};

/** OUT ← A with every row or column times a factor. The contract is that of `Engine.scaleLines`. */
export const scaleLines: Engine["scaleLines"] = (trans, m, n, factors, a, aOffset, lda, out, outOffset, ldo) => {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      out[outOffset + i * ldo + j] = factors[trans ? j : i]! * a[aOffset + i * lda + j]!;
    }
  }
};
