/** Rows and columns of the blocks that are exchanged together, so that both are read from the cache. */
const BLOCK = 8;

/** The packed n × m `out` ← the transpose of the packed m × n `a`. */
export function transposeInto(m: number, n: number, a: Float64Array, out: Float64Array): void {
  for (let top = 0; top < m; top += BLOCK) {
    const bottom = Math.min(top + BLOCK, m);
    for (let first = 0; first < n; first += BLOCK) {
      const last = Math.min(first + BLOCK, n);
      for (let i = top; i < bottom; i++) for (let j = first; j < last; j++) out[j * m + i] = a[i * n + j]!;
    }
  }
}

/** The packed n × n matrix `a` ← its transpose. */
export function transposeInPlace(n: number, a: Float64Array): void {
  for (let top = 0; top < n; top += BLOCK) {
    const bottom = Math.min(top + BLOCK, n);
    for (let first = 0; first <= top; first += BLOCK) {
      for (let i = top; i < bottom; i++) {
        const last = Math.min(first + BLOCK, i);
        for (let j = first; j < last; j++) {
          const value = a[i * n + j]!;
          a[i * n + j] = a[j * n + i]!;
          a[j * n + i] = value;
        }
      }
    }
  }
}
