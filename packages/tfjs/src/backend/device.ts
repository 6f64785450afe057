import { currentEngine } from "@sumo/linalg";
import * as tf from "@tensorflow/tfjs-core";
import { DeviceReadError } from "../errors.ts";

/** Whether tensors are in host memory, where a read-back does not wait for a device. */
export function isHostMemory(backend: string = tf.getBackend()): boolean {
  return backend !== "webgl" && backend !== "webgpu";
}

/** op(a) op(b). */
export function product(a: tf.Tensor2D, b: tf.Tensor2D, transposeA: boolean, transposeB: boolean): tf.Tensor2D {
  // The wasm kernel multiplies with SIMD only where nothing is transposed: transposing first is ten times faster.
  if (tf.getBackend() === "wasm") {
    return tf.matMul(transposeA ? tf.transpose(a) : a, transposeB ? tf.transpose(b) : b);
  }
  return tf.matMul(a, b, transposeA, transposeB);
}

/** `a` divided by its largest magnitude, so that squares neither overflow nor underflow, and that magnitude. Zero stays zero. */
function inOwnUnits(a: tf.Tensor2D): { readonly unit: tf.Scalar; readonly scaled: tf.Tensor2D } {
  const unit = tf.max(tf.abs(a)) as tf.Scalar;
  return { unit, scaled: tf.divNoNan(a, unit) };
}

/** Partial results for {@link normOf}: on a device a few numbers, to keep the read-back small. */
export function normParts(a: tf.Tensor2D): tf.Tensor {
  if (isHostMemory()) return a;
  const { unit, scaled } = inOwnUnits(a);
  const witness = tf.add(tf.zerosLike(unit), 1);
  return tf.concat([tf.stack([witness, unit]), tf.sum(tf.square(scaled), 1)]);
}

/**
 * Frobenius norm, not finite if an element is not. In host memory summed in float64; elsewhere in float32 along rows and in
 * float64 over them.
 *
 * @throws {DeviceReadError} if the device returned zeros in place of the contents.
 */
export function normOf(parts: Float32Array): number {
  if (isHostMemory()) return Math.sqrt(currentEngine().dot(parts.length, parts, 0, parts, 0));
  let sum = 0;
  const [witness, unit] = parts;
  if (witness !== 1) {
    throw new DeviceReadError(tf.getBackend());
  }
  for (const row of parts.subarray(2)) sum += row;
  return unit! * Math.sqrt(sum);
}

/** One step X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X. */
export type PolynomialStep = readonly [a: number, b: number, c: number];

/** Approximate polar factor of `x` by odd polynomials, on the device. `margin` keeps rounded singular values below 1. */
export function polynomialPolar(x: tf.Tensor2D, steps: readonly PolynomialStep[], margin: number): tf.Tensor2D {
  const wide = x.shape[0] <= x.shape[1];
  const { scaled } = inOwnUnits(wide ? x : tf.transpose(x));
  const norm = tf.sqrt(tf.sum(tf.square(scaled)));
  let y: tf.Tensor2D = tf.divNoNan(scaled, tf.mul(norm, margin));
  for (const [a, b, c] of steps) {
    y = tf.tidy(() => {
      const gram = product(y, y, false, true);
      const powers: tf.Tensor2D = tf.add(tf.mul(gram, b), tf.mul(product(gram, gram, false, false), c));
      return tf.add<tf.Tensor2D>(tf.mul(y, a), product(powers, y, false, false));
    });
  }
  return wide ? y : tf.transpose(y);
}

/**
 * ‖line of `a`‖ / ‖line of `b`‖ for every column (axis 0) or row (axis 1), with the lines' axis kept; zero where the divisor is. Without `a`
 * its norms are 1.
 */
export function lineRatios(a: tf.Tensor2D | undefined, b: tf.Tensor2D, axis: 0 | 1): tf.Tensor2D {
  const norms = (x: tf.Tensor2D): tf.Tensor => tf.sqrt(tf.sum(tf.square(x), axis, true));
  const bottom = inOwnUnits(b);
  const top = a && inOwnUnits(a);
  const scaled = tf.divNoNan(top ? norms(top.scaled) : 1, norms(bottom.scaled));
  return tf.mul(scaled, tf.divNoNan(top?.unit ?? 1, bottom.unit));
}
