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
  if (!isLimit(maxNorm)) throw new OptimizerOptionError("maxNorm", "a number > 0", maxNorm);
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
  const factor = clipFactor(norm, maxNorm);
  if (factor === 1) return { norm, clipped: false };
  for (const [, gradient] of all) {
    for (let i = 0; i < gradient.length; i++) gradient[i] = factor * gradient[i]!;
  }
  return { norm, clipped: true };
}

/** Factor that shortens gradients of joint norm `norm` to `maxNorm`; 1 if they are short enough, or not finite. */
export const clipFactor = (norm: number, maxNorm: number): number =>
  Number.isFinite(norm) && norm > maxNorm ? maxNorm / norm : 1;

/** @throws {OptimizerOptionError} */
export function checkClip(clip: unknown): void {
  if (clip !== undefined && !isLimit(clip)) throw new OptimizerOptionError("clip", "a number > 0", clip);
}

const isLimit = (value: unknown): value is number => typeof value === "number" && value > 0;
