import type { Engine } from "../engine.ts";
/** X ← X (I − tau v vᵀ), row by row. The contract is that of `Engine.reflect`. */
export const reflect: Engine["reflect"] = (m, n, tau, v, vOffset, x, xOffset, ldx) => {
  if (tau === 0) return;
  for (let i = 0; i < m; i++) {
    const row = xOffset + i * ldx;
    let dot = 0;
    for (let j = 0; j < n; j++) dot += x[row + j]! * v[vOffset + j]!;
    const factor = tau * dot;
    for (let j = 0; j < n; j++) x[row + j]! -= factor * v[vOffset + j]!;
  }
};
