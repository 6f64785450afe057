/** A checkpoint: weights and optimizer state after `step` updates. */
export interface Checkpoint {
  readonly step: number;
  /** A safetensors file. */
  readonly model: Uint8Array;
  /** A safetensors file. */
  readonly optimizer: Uint8Array;
}
