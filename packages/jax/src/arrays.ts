import type { JsTree, numpy as np } from "@jax-js/jax";

/** An array, or lists and objects of arrays. */
export type Arrays = JsTree<np.Array>;
