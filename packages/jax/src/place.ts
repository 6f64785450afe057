import type { numpy as np } from "@jax-js/jax";

/** Mutable holder of an immutable array, for the algorithms of core, which update in place. */
export class Place {
  private held: np.Array;

  /** Takes ownership of `array`. */
  constructor(array: np.Array) {
    this.held = array;
  }

  get shape(): number[] {
    return this.held.shape;
  }

  /** New reference to the contents, consumed by the caller. */
  read(): np.Array {
    return this.held.ref;
  }

  /** Replaces the contents by `value`, and takes ownership of it. */
  write(value: np.Array): void {
    this.held.dispose();
    this.held = value;
  }

  dispose(): void {
    this.held.dispose();
  }
}
