import type { numpy as np } from "@jax-js/jax";

/** Reads an array: every call returns a new reference, which its user consumes. */
export type Reading = () => np.Array;

/** Owner of the intermediate arrays of a computation, traced or not. */
export class Scope {
  private readonly owned: np.Array[] = [];

  /** Takes ownership of `array`. */
  own(array: np.Array): Reading {
    this.owned.push(array);
    return () => array.ref;
  }

  /** Releases the arrays. */
  end(): void {
    for (const array of this.owned) array.dispose();
  }
}
