import { columns, MR, narrowTile, tile } from "./tile";

/** Scratch of a block: one tile of C, for the edges. */
export const TILE_BYTES: usize = 128;

/**
 * Block of C ← alpha A B + beta C, m × n, panel by panel of B, tile by tile. In bytes: pairs of rows of A are `aPair` apart, the second
 * row of a pair `aRow` after the first, inner terms `aStep`; B is packed; elements of C are `cRow` and `cCol` apart.
 * Tiles that lie wholly above the line row + skew = column are left out; skew ≥ n leaves out none.
 */
export function block<T>(
  m: usize, n: usize, k: usize, alpha: T, a: usize, aPair: usize, aRow: usize, aStep: usize, b: usize,
  beta: T, c: usize, cRow: usize, cCol: usize, skew: isize, scratch: usize,
): void {
  const width = columns<T>() * sizeof<T>();
  const inPlace = cCol == sizeof<T>();
  for (let j: usize = 0; j < n; j += columns<T>(), b += k * width) {
    const cols = min(columns<T>(), n - j);
    const above = <usize>max<isize>(0, <isize>j - skew) / MR;
    let i = above * MR;
    let pair = a + above * aPair;
    let to = c + i * cRow + j * cCol;
    if (inPlace && cols == columns<T>()) {
      for (; i + MR <= m; i += MR, pair += aPair, to += MR * cRow) tile<T>(k, pair, aRow, aStep, b, alpha, beta, to, cRow);
    } else if (inPlace && cols == columns<T>() / 2) {
      for (; i + 2 * MR <= m; i += 2 * MR, pair += 2 * aPair, to += 2 * MR * cRow) {
        narrowTile<T>(k, pair, aPair, aRow, aStep, b, alpha, beta, to, cRow);
      }
    }
    for (; i < m; i += MR, pair += aPair, to += MR * cRow) {
      const rows = min(MR, m - i);
      // A missing second row of A is not read.
      edgeTile<T>(k, pair, rows < MR ? 0 : aRow, aStep, b, alpha, scratch);
      merge<T>(rows, cols, scratch, beta, to, cRow, cCol);
    }
  }
}

function edgeTile<T>(k: usize, a: usize, aRow: usize, aStep: usize, b: usize, alpha: T, c: usize): void {
  tile<T>(k, a, aRow, aStep, b, alpha, <T>0, c, columns<T>() * sizeof<T>());
}

/** C ← the first rows and columns of a tile + beta C. */
function merge<T>(rows: usize, cols: usize, tile: usize, beta: T, c: usize, cRow: usize, cCol: usize): void {
  for (let i: usize = 0; i < rows; i++) {
    for (let j: usize = 0; j < cols; j++) {
      const to = c + i * cRow + j * cCol;
      const product = load<T>(tile + (i * columns<T>() + j) * sizeof<T>());
      store<T>(to, beta == <T>0 ? product : product + beta * load<T>(to));
    }
  }
}
