import { OptimizerOptionError } from "../errors.ts";

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
 */
export function clipGlobalNorm(gradients: Readonly<Record<string, Float32Array>>, maxNorm: number): Clipped {
  if (!(maxNorm > 0)) throw new OptimizerOptionError("maxNorm", "a number > 0", maxNorm);
  let sum = 0;
  for (const gradient of Object.values(gradients)) {
    for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  }
  const norm = Math.sqrt(sum);
  if (!(Number.isFinite(norm) && norm > maxNorm)) return { norm, clipped: false };
  const factor = maxNorm / norm;
  for (const gradient of Object.values(gradients)) {
    for (let i = 0; i < gradient.length; i++) gradient[i] = factor * gradient[i]!;
  }
  return { norm, clipped: true };
}
