/** Rows of a tile of C. */
export const MR: usize = 2;
/** Vectors in a row of a tile of C. 8 sums, 4 loads and 2 splats fill 14 of the 15 vector registers that V8 can use. */
const NV: usize = 4;

/** Columns of a tile of C. */
// @ts-ignore: decorator
@inline
export function columns<T>(): usize {
  return (NV * 16) / sizeof<T>();
}

/**
 * Tile of C ← alpha A B + beta C, 2 rows of 4 vectors; beta = 0 ignores C. The second row of A starts `aRow` bytes after the first,
 * inner terms are `aStep` bytes apart; B is a packed panel; rows of C are `cRow` bytes apart.
 *
 * The loop over k is not unrolled, because V8 would load ahead and spill. It is inlined into the loops over the tiles: V8 12 unrolls a
 * loop by how deep it is nested, and each round saves a check of the stack, which is a seventh load.
 */
// @ts-ignore: decorator
@inline
export function tile<T>(k: usize, a: usize, aRow: usize, aStep: usize, b: usize, alpha: T, beta: T, c: usize, cRow: usize): void {
  let c00 = v128.splat<T>(<T>0), c01 = c00, c02 = c00, c03 = c00;
  let c10 = c00, c11 = c00, c12 = c00, c13 = c00;
  if (k > 0) do {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    const x0 = v128.load_splat<T>(a), x1 = v128.load_splat<T>(a + aRow);
    c00 = addProduct<T>(c00, b0, x0);
    c01 = addProduct<T>(c01, b1, x0);
    c02 = addProduct<T>(c02, b2, x0);
    c03 = addProduct<T>(c03, b3, x0);
    c10 = addProduct<T>(c10, b0, x1);
    c11 = addProduct<T>(c11, b1, x1);
    c12 = addProduct<T>(c12, b2, x1);
    c13 = addProduct<T>(c13, b3, x1);
    a += aStep;
    b += 64;
  } while (--k);
  put<T>(alpha, c00, beta, c);
  put<T>(alpha, c01, beta, c + 16);
  put<T>(alpha, c02, beta, c + 32);
  put<T>(alpha, c03, beta, c + 48);
  c += cRow;
  put<T>(alpha, c10, beta, c);
  put<T>(alpha, c11, beta, c + 16);
  put<T>(alpha, c12, beta, c + 32);
  put<T>(alpha, c13, beta, c + 48);
}

/** {@link tile} for the first half of a panel of B: 4 rows of 2 vectors, from two pairs of rows of A that are `aPair` bytes apart. */
// @ts-ignore: decorator
@inline
export function narrowTile<T>(
  k: usize, a: usize, aPair: usize, aRow: usize, aStep: usize, b: usize, alpha: T, beta: T, c: usize, cRow: usize,
): void {
  let c00 = v128.splat<T>(<T>0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  let a0 = a - aStep, a1 = a0 + aRow, a2 = a0 + aPair, a3 = a2 + aRow;
  b -= 64;
  if (k > 0) do {
    a0 += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    b += 64;
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const x0 = v128.load_splat<T>(a0), x1 = v128.load_splat<T>(a1), x2 = v128.load_splat<T>(a2), x3 = v128.load_splat<T>(a3);
    c00 = addProduct<T>(c00, b0, x0);
    c01 = addProduct<T>(c01, b1, x0);
    c10 = addProduct<T>(c10, b0, x1);
    c11 = addProduct<T>(c11, b1, x1);
    c20 = addProduct<T>(c20, b0, x2);
    c21 = addProduct<T>(c21, b1, x2);
    c30 = addProduct<T>(c30, b0, x3);
    c31 = addProduct<T>(c31, b1, x3);
  } while (--k);
  put<T>(alpha, c00, beta, c);
  put<T>(alpha, c01, beta, c + 16);
  c += cRow;
  put<T>(alpha, c10, beta, c);
  put<T>(alpha, c11, beta, c + 16);
  c += cRow;
  put<T>(alpha, c20, beta, c);
  put<T>(alpha, c21, beta, c + 16);
  c += cRow;
  put<T>(alpha, c30, beta, c);
  put<T>(alpha, c31, beta, c + 16);
}

/** sum + x y, rounded twice; in the module with relaxed instructions once or twice, as the machine likes it. */
// @ts-ignore: decorator
@inline
function addProduct<T>(sum: v128, x: v128, y: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_madd<T>(x, y, sum) : v128.add<T>(sum, v128.mul<T>(x, y));
}

// @ts-ignore: decorator
@inline
function put<T>(alpha: T, sum: v128, beta: T, c: usize): void {
  const product = v128.mul<T>(v128.splat<T>(alpha), sum);
  if (beta == <T>0) v128.store(c, product);
  else v128.store(c, v128.add<T>(product, v128.mul<T>(v128.splat<T>(beta), v128.load(c))));
}

// @ts-ignore: decorator
@inline
export function roundUp(x: usize, unit: usize): usize {
  return ((x + unit - 1) / unit) * unit;
}
