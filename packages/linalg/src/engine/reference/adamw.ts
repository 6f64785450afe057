import type { Engine } from "../engine.ts";
/** One AdamW update; formulas in `Engine.adamw`. Arithmetic is float64, the moments are rounded before they are used. */
export const adamw: Engine["adamw"] = (
  n,
  w,
  wOffset,
  g,
  gOffset,
  m,
  mOffset,
  v,
  vOffset,
  lr,
  beta1,
  beta2,
  eps,
  decay,
  c1,
  c2,
) => {
  for (let i = 0; i < n; i++) {
    const gradient = g[gOffset + i]!;
    const first = Math.fround(beta1 * m[mOffset + i]! + (1 - beta1) * gradient);
    const second = Math.fround(beta2 * v[vOffset + i]! + (1 - beta2) * gradient * gradient);
    m[mOffset + i] = first;
    v[vOffset + i] = second;
    w[wOffset + i] = w[wOffset + i]! * (1 - lr * decay) - (lr * (first / c1)) / (Math.sqrt(second / c2) + eps);
  }
};
