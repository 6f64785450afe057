import { describe, GradientTypeError, OptimizerOptionError } from "../errors.ts";
import { entriesOf } from "../optimizer/named.ts";

/** The result of clipping. */
export interface Clipped {
  /** Joint norm of all gradients before clipping. */
  readonly norm: number;
  readonly clipped: boolean;
}

/**
 * Scales all gradients by one factor so that their joint norm is at most `maxNorm`. In place.
 *
 * It acts on gradients, before the optimizer: clipping an orthogonalized update would only shrink the learning rate.
 * Gradients whose norm is not finite are left unchanged; the optimizer refuses them.
 *
 * @param gradients - By name, in an object or a Map.
 * @throws {OptimizerOptionError} @throws {GradientTypeError} before anything is changed.
 */
export function clipGlobalNorm(
  gradients: Readonly<Record<string, Float32Array>> | ReadonlyMap<string, Float32Array>,
  maxNorm: number,
): Clipped {
  if (!(typeof maxNorm === "number" && maxNorm > 0)) throw new OptimizerOptionError("maxNorm", "a number > 0", maxNorm);
  const all = entriesOf(gradients);
  for (const [name, gradient] of all) {
    if (!(gradient instanceof Float32Array)) {
      throw new GradientTypeError(name, "a Float32Array, which is scaled in place", describe(gradient));
    }
  }
  let sum = 0;
  for (const [, gradient] of all) {
    for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  }
  const norm = Math.sqrt(sum);
  if (!(Number.isFinite(norm) && norm > maxNorm)) return { norm, clipped: false };
  const factor = maxNorm / norm;
  for (const [, gradient] of all) {
    for (let i = 0; i < gradient.length; i++) gradient[i] = factor * gradient[i]!;
  }
  return { norm, clipped: true };
}
