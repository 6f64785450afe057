/**
 * Contribution of the residual R = G − Q Qᵀ G, the gradient outside the subspace, to the update:
 * - `off`: none;
 * - `raw`: R is added unscaled (Algorithm 1). The step then depends on the loss's scale;
 * - `{ scale }`: R is added times `scale`;
 * - `fira`: R is added with every line scaled as orthogonalization scaled that line of Qᵀ G (Chen et al. 2024, Fira, eq. 4), and the
 *   norm of the whole update is at most that of an orthogonalized G;
 * - `joint` or `{ joint: c }`: Q X + c R is orthogonalized as a whole, X the moment in units of one gradient. Costs as much as Muon; c defaults to 2.
 */
export type Residual = "off" | "raw" | { readonly scale: number } | "fira" | "joint" | { readonly joint: number };

/** Checks the option. @returns the expected value in words, or `undefined` if `value` is valid. */
export function checkResidual(value: unknown): string | undefined {
  if (value === "off" || value === "raw" || value === "fira" || value === "joint") return undefined;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    const [key, number] = entries[0] ?? [];
    if (entries.length === 1 && (key === "scale" || key === "joint") && typeof number === "number" && number >= 0)
      return undefined;
  }
  return '"off", "raw", "fira", "joint", { scale: number } or { joint: number }';
}

/** Whether the residual is orthogonalized with the rest. */
export const isJoint = (residual: Residual): boolean =>
  residual === "joint" || (typeof residual === "object" && "joint" in residual);
