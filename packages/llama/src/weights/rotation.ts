import { headDim, type LlamaConfig } from "../config.ts";
import type { Rotation } from "../kernels/kernels.ts";

/**
 * Fills the tables of rotary positions (Su et al. 2021): cosine and sine of position × theta^(−2c / headDim) for c below headDim / 2.
 * Angles are float64; cosines and sines are rounded once.
 */
export function fillRotation(config: LlamaConfig, { cosines, sines }: Rotation): void {
  const half = headDim(config) / 2;
  for (let c = 0; c < half; c++) {
    const frequency = config.ropeTheta ** (-c / half);
    for (let position = 0; position < config.context; position++) {
      cosines[position * half + c] = Math.cos(position * frequency);
      sines[position * half + c] = Math.sin(position * frequency);
    }
  }
}
