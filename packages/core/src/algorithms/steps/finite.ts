/** Norms of at least this have squares whose sums may overflow float32. */
const SQUARE_LIMIT = 2 ** 63;

/** Checks that a gradient can be squared: a second moment that overflowed would stay infinite, and stop the weight. @throws {RangeError} */
export function checkSquare(gradientNorm: number): void {
  if (gradientNorm < SQUARE_LIMIT) return;
  throw new RangeError(`the gradient's norm is ${gradientNorm}; its square overflows float32`);
}

/** Checks the norm of an update, which must not be written if it overflows float32. @throws {RangeError} */
export function finiteUpdate(norm: number): number {
  if (!Number.isFinite(norm)) throw new RangeError("the update overflows float32");
  return norm;
}
