import { describe } from "../arguments.ts";
import { OptionError } from "../errors.ts";
import { factorOf } from "../factors/lu-factor.ts";
import { checkSquare } from "../matrix/checks.ts";
import { pack } from "../matrix/layout.ts";
import { identity, type Matrix, type MatrixLike, zeros } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { zerosLike } from "../memory/allocate.ts";
import { matmul } from "./matmul.ts";

/**
 * A whole power of a square matrix, by repeated squaring in float64; of a negative exponent, that of the inverse.
 *
 * @param a - n × n, any strides.
 * @param exponent - a whole number; 0 gives the identity.
 * @throws {ShapeError} @throws {OptionError} if the exponent is not whole. @throws {SingularError} for a negative power of a singular matrix.
 * NaN and infinities go through by IEEE rules; {@link NonFiniteError} for a negative exponent.
 * Accuracy: for p = |exponent|, relative to ‖a‖ᵖ an error c p n ε₆₄, for a negative exponent that of {@link inv} p times; rounded to the dtype.
 * Cost: at most 4n³ log₂ p flops.
 *
 * @example
 * matrixPower(fromRows([[1, 1], [1, 0]]), 10).get(0, 1); // 55, the tenth Fibonacci number
 */
export function matrixPower<D extends Real>(a: MatrixLike<D>, exponent: number): Matrix<D> {
  const n = checkSquare("matrixPower", a);
  if (!Number.isSafeInteger(exponent)) {
    throw new OptionError("matrixPower", `expected the exponent to be a whole number, got ${describe(exponent)}`);
  }
  const out = zerosLike("matrixPower", a, n, n);
  const copy = zeros(n, n);
  pack(copy.data, a);
  out.data.set(power(exponent < 0 ? factorOf("matrixPower", copy).inverse() : copy, Math.abs(exponent)).data);
  return out;
}

function power(a: Matrix<Float64Array>, exponent: number): Matrix<Float64Array> {
  if (exponent === 0) return identity(a.shape[0]!);
  if (exponent === 1) return a;
  const half = power(a, Math.floor(exponent / 2));
  const square = matmul(half, half);
  return exponent % 2 === 0 ? square : matmul(square, a);
}
