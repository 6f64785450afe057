import type { numpy as np } from "@jax-js/jax";

/** Holds one array after another: jax-js arrays are immutable, and the algorithms of core change things in place. */
export class Place {
  private held: np.Array;

  /** Takes `array` over. */
  constructor(array: np.Array) {
    this.held = array;
  }

  get shape(): number[] {
    return this.held.shape;
  }

  /** A reference to the contents, for the caller to use up. */
  read(): np.Array {
    return this.held.ref;
  }

  /** Takes `value` over in place of the contents. */
  write(value: np.Array): void {
    this.held.dispose();
    this.held = value;
  }

  dispose(): void {
    this.held.dispose();
  }
}
