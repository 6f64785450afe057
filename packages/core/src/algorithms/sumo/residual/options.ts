/**
 * The part in the update of the gradient outside the subspace, R = G − Q Qᵀ G:
 * - `off`: nothing;
 * - `raw`: it is added as it is (Algorithm 1). The step then depends on the loss's scale;
 * - `{ scale }`: it is added times `scale`;
 * - `fira`: it is added with every line scaled as orthogonalization scaled that line of Qᵀ G (Chen et al. 2024, Fira, eq. 4), and the
 *   whole update is kept as short as the one that orthogonalizing all of G would give;
 * - `joint` or `{ joint: c }`: Q X + c R is orthogonalized as a whole, X the moment in units of one gradient. Costs what Muon costs; c defaults to 2.
 */
export type Residual = "off" | "raw" | { readonly scale: number } | "fira" | "joint" | { readonly joint: number };

/** The check of the option. @returns what was expected, or `undefined` if `value` is that. */
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
