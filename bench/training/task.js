/** Task of every contestant: a LLaMA of 4 layers on batches of 8 × 128 bytes. */
export const LAYERS = 4;
export const LENGTH = 128;
export const BATCH = 8;
/** Rank of SUMO's subspace. */
export const RANK = 32;

export function data() {
  const draw = (factor) => Int32Array.from({ length: BATCH * LENGTH }, (_, i) => (i * factor) % 256);
  return { tokens: draw(7919), targets: draw(104729) };
}
