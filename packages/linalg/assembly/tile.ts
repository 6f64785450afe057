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
 * Tile of C ← alpha A B + beta C, 2 rows of 4 vectors; beta = 0 ignores C.
 * `a0` and `a1` walk along the two rows of A in steps of `aStep` bytes, `b` down a panel of B in steps of `bStep`; k is not unrolled,
 * because V8 would load ahead and spill.
 */
export function tile<T>(
  k: usize, a0: usize, a1: usize, aStep: usize, b: usize, bStep: usize, alpha: T, beta: T, c: usize, cStep: usize,
): void {
  let c00 = v128.splat<T>(<T>0), c01 = c00, c02 = c00, c03 = c00;
  let c10 = c00, c11 = c00, c12 = c00, c13 = c00;
  for (; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    const x0 = v128.load_splat<T>(a0), x1 = v128.load_splat<T>(a1);
    c00 = v128.add<T>(c00, v128.mul<T>(x0, b0));
    c01 = v128.add<T>(c01, v128.mul<T>(x0, b1));
    c02 = v128.add<T>(c02, v128.mul<T>(x0, b2));
    c03 = v128.add<T>(c03, v128.mul<T>(x0, b3));
    c10 = v128.add<T>(c10, v128.mul<T>(x1, b0));
    c11 = v128.add<T>(c11, v128.mul<T>(x1, b1));
    c12 = v128.add<T>(c12, v128.mul<T>(x1, b2));
    c13 = v128.add<T>(c13, v128.mul<T>(x1, b3));
    a0 += aStep;
    a1 += aStep;
    b += bStep;
  }
  put<T>(c, alpha, c00, beta);
  put<T>(c + 16, alpha, c01, beta);
  put<T>(c + 32, alpha, c02, beta);
  put<T>(c + 48, alpha, c03, beta);
  c += cStep;
  put<T>(c, alpha, c10, beta);
  put<T>(c + 16, alpha, c11, beta);
  put<T>(c + 32, alpha, c12, beta);
  put<T>(c + 48, alpha, c13, beta);
}

// @ts-ignore: decorator
@inline
function put<T>(c: usize, alpha: T, sum: v128, beta: T): void {
  const product = v128.mul<T>(v128.splat<T>(alpha), sum);
  if (beta == <T>0) v128.store(c, product);
  else v128.store(c, v128.add<T>(product, v128.mul<T>(v128.splat<T>(beta), v128.load(c))));
}
