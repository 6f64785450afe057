/** Norms from here on have squares that, with their sums, float32 cannot hold. */
const SQUARE_LIMIT = 2 ** 63;

/** An optimizer that keeps squares would keep infinity for ever, and the weight would never move again. @throws {RangeError} */
export function checkSquare(gradientNorm: number): void {
  if (gradientNorm < SQUARE_LIMIT) return;
  throw new RangeError(`the gradient's norm is ${gradientNorm}; its square overflows float32`);
}

/** The norm of an update, which must not reach a weight if float32 cannot hold it. @throws {RangeError} */
export function finiteUpdate(norm: number): number {
  if (!Number.isFinite(norm)) throw new RangeError("the update overflows float32");
  return norm;
}
