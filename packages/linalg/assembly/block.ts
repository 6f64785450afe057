import { columns, MR, tile } from "./tile";

/** Scratch of a block: one tile of C, for the edges. */
export const TILE_BYTES: usize = 128;

/**
 * Block of C ← alpha A B + beta C, m × n, from packed panels, tile by tile. Tiles that lie wholly above the line row + skew = column
 * are left out; skew ≥ n leaves out none.
 */
export function block<T>(
  m: usize, n: usize, k: usize, alpha: T, a: usize, b: usize, beta: T, c: usize, ldc: usize, skew: isize, scratch: usize,
): void {
  for (let j: usize = 0; j < n; j += columns<T>(), b += k * columns<T>() * sizeof<T>()) {
    const above = max<isize>(0, <isize>j - skew);
    for (let i: usize = above - (above % MR); i < m; i += MR) {
      const rows = min(MR, m - i);
      const cols = min(columns<T>(), n - j);
      panelTile<T>(rows, cols, k, alpha, a + i * k * sizeof<T>(), b, beta, c + i * ldc + j * sizeof<T>(), ldc, scratch);
    }
  }
}

/** One tile of C, of which `rows` × `cols` exist, from packed panels. */
// @ts-ignore: decorator
@inline
function panelTile<T>(
  rows: usize, cols: usize, k: usize, alpha: T, a: usize, b: usize, beta: T, c: usize, ldc: usize, scratch: usize,
): void {
  const width = columns<T>() * sizeof<T>();
  if (rows == MR && cols == columns<T>()) {
    tile<T>(k, a, a + sizeof<T>(), MR * sizeof<T>(), b, width, alpha, beta, c, ldc);
    return;
  }
  tile<T>(k, a, a + sizeof<T>(), MR * sizeof<T>(), b, width, alpha, <T>0, scratch, width);
  for (let i: usize = 0; i < rows; i++) {
    for (let j: usize = 0; j < cols; j++) {
      const to = c + i * ldc + j * sizeof<T>();
      const product = load<T>(scratch + i * width + j * sizeof<T>());
      store<T>(to, beta == <T>0 ? product : product + beta * load<T>(to));
    }
  }
}
