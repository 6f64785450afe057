import { defaultDevice, numpy as np } from "@jax-js/jax";
import type { NewtonSchulzStep } from "@sumo/linalg";

// As everywhere in jax-js, functions use their arguments up; `.ref` keeps one for later.

/** Whether arrays are in host memory, where a read-back does not wait for a device. */
export function isHostMemory(): boolean {
  const device = defaultDevice();
  return device === "cpu" || device === "wasm";
}

/** op(a) op(b). */
export function product(a: np.Array, b: np.Array, transposeA: boolean, transposeB: boolean): np.Array {
  return np.matmul(transposeA ? a.transpose() : a, transposeB ? b.transpose() : b);
}

/** a / b, and zero where b is. */
function quotient(a: np.Array, b: np.Array): np.Array {
  const zero = b.ref.equal(0);
  return np.where(zero.ref, 0, a.div(np.where(zero, 1, b)));
}

/** `a` divided by its largest magnitude, so that squares neither overflow nor underflow, and that magnitude. Zero stays zero. */
function inOwnUnits(a: np.Array): { readonly unit: np.Array; readonly scaled: np.Array } {
  const unit = np.max(np.abs(a.ref));
  return { scaled: quotient(a, unit.ref), unit };
}

/**
 * Frobenius norm. In host memory summed in float64; elsewhere in float32 along rows and in float64 over them.
 * NaN or infinite if an element is.
 */
export function frobenius(a: np.Array): number {
  let sum = 0;
  if (isHostMemory()) {
    const values = a.dataSync();
    for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
    return Math.sqrt(sum);
  }
  const { unit, scaled } = inOwnUnits(a);
  const parts = np.concatenate([unit.reshape([1]), np.square(scaled).sum(1)]).dataSync();
  for (let i = 1; i < parts.length; i++) sum += parts[i]!;
  return parts[0]! * Math.sqrt(sum);
}

/** Approximate polar factor of `x` by odd polynomials X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X, on the device. */
export function polynomialPolar(x: np.Array, steps: readonly NewtonSchulzStep[], margin: number): np.Array {
  const [rows, cols] = x.shape as [number, number];
  const wide = rows <= cols;
  const { unit, scaled } = inOwnUnits(wide ? x : x.transpose());
  unit.dispose();
  const norm = np.sqrt(np.square(scaled.ref).sum());
  let y = quotient(scaled, norm.mul(margin));
  for (const [a, b, c] of steps) {
    const gram = product(y.ref, y.ref, false, true);
    const powers = gram.ref.mul(b).add(np.matmul(gram.ref, gram).mul(c));
    y = y.ref.mul(a).add(np.matmul(powers, y));
  }
  return wide ? y : y.transpose();
}

/**
 * ‖line of `a`‖ / ‖line of `b`‖ for every column (axis 0) or row (axis 1), with the lines' axis kept; zero where the divisor is. Without `a`
 * its norms are 1.
 */
export function lineRatios(a: np.Array | undefined, b: np.Array, axis: 0 | 1): np.Array {
  const normsOf = (x: np.Array) => {
    const { unit, scaled } = inOwnUnits(x);
    return { unit, norms: np.sqrt(np.square(scaled).sum(axis, { keepdims: true })) };
  };
  const one = (): np.Array => np.full([], 1);
  const top = a === undefined ? { unit: one(), norms: one() } : normsOf(a);
  const bottom = normsOf(b);
  return quotient(top.norms, bottom.norms).mul(quotient(top.unit, bottom.unit));
}
