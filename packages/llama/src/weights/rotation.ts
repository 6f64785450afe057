import { checkConfig, type LlamaConfig, type RopeScaling } from "../config.ts";
import type { Rotation } from "../kernels/kernels.ts";
import type { Arena } from "../memory/arena.ts";
import { allocateBlocks, bytesOfBlocks, type Lengths } from "../memory/blocks.ts";

const rotationLengths = ({ headDim }: LlamaConfig, positions: number): Lengths<keyof Rotation> => {
  const table = (positions * headDim) / 2;
  return { cosines: table, sines: table };
};

/** Bytes that {@link allocateRotation} takes. */
export function bytesOfRotation(config: LlamaConfig, positions: number): number {
  return bytesOfBlocks(rotationLengths(config, positions));
}

/**
 * Frequencies of a model's rotary positions (Su et al. 2021), headDim / 2, in radians a position: theta^(−2c / headDim), scaled where the config
 * says so.
 *
 * @throws {ConfigError}
 */
export function rotaryFrequencies(config: LlamaConfig): Float64Array {
  checkConfig("rotaryFrequencies", config);
  const { headDim, ropeTheta, ropeScaling } = config;
  const half = headDim / 2;
  return Float64Array.from({ length: half }, (_, c) => {
    const plain = ropeTheta ** (-c / half);
    return ropeScaling === null ? plain : scaled(plain, ropeScaling);
  });
}

/**
 * Allocates and fills the tables of rotary positions for positions 0 to `positions` − 1: cosine and sine of position × frequency, for each of
 * {@link rotaryFrequencies}. Angles are float64; cosines and sines are rounded once.
 *
 * @throws {WorkspaceError} when the heap is full.
 */
export function allocateRotation(config: LlamaConfig, positions: number, arena: Arena): Rotation {
  const frequencies = rotaryFrequencies(config);
  const half = frequencies.length;
  const { cosines, sines } = allocateBlocks(arena, rotationLengths(config, positions));
  for (const [c, frequency] of frequencies.entries()) {
    for (let position = 0; position < positions; position++) {
      cosines[position * half + c] = Math.cos(position * frequency);
      sines[position * half + c] = Math.sin(position * frequency);
    }
  }
  return { cosines, sines };
}

/** Llama 3.1's frequency: `factor` times lower for long waves, unchanged for short ones, a mean of both between. */
function scaled(frequency: number, { factor, lowFreqFactor, highFreqFactor, originalContext }: RopeScaling): number {
  const waves = (originalContext * frequency) / (2 * Math.PI); // in the original context
  const kept = Math.min(1, Math.max(0, (waves - lowFreqFactor) / (highFreqFactor - lowFreqFactor)));
  return kept * frequency + ((1 - kept) * frequency) / factor;
}
