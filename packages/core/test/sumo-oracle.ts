import {
  combined,
  fill,
  frobenius,
  leadingLeft,
  polarOf,
  type Rows,
  scaled,
  svd,
  times,
  transposed,
  withUnitRows,
} from "../src/testing/dense.ts";

export interface SumoOracleOptions {
  readonly lr: number;
  readonly rank: number;
  readonly every: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly residual: "off" | "raw" | "fira" | { readonly scale: number } | { readonly joint: number };
  /** Lines of the whole matrix of the joint form that are brought to equal length. */
  readonly equilibrate?: "rows" | "columns";
  /** Factor of the orthogonalized update, by number of directions. */
  readonly scale: (directions: number) => number;
  readonly weightDecay: number;
  readonly warm: boolean;
  /** Largest growth of the whole update; Infinity for none. */
  readonly limit: number;
}

/**
 * The paper's Algorithm 1 in float64, projecting from the left, with the variations that our options name.
 * Returns the weight after all gradients. To project from the right, transpose everything.
 */
export function sumoOracle(weight: Rows, gradients: readonly Rows[], options: SumoOracleOptions): Rows {
  const { rank, every, momentum, nesterov, residual, lr, weightDecay, scale, warm, limit, equilibrate } = options;
  let q: Rows | undefined;
  let m: Rows | undefined;
  let lastNorm = 0;
  gradients.forEach((g, t) => {
    if (t % every === 0) {
      const fresh: Rows = warm && q ? leadingLeft(times(g, times(transposed(g), q)), rank) : leadingLeft(g, rank);
      m = q && m ? times(times(transposed(fresh), q), m) : fill(rank, g[0]!.length, () => 0);
      q = fresh;
    }
    const projected = times(transposed(q!), g);
    const outside = combined(1, g, -1, times(q!, projected));
    m = combined(momentum, m!, 1, projected);
    const ahead = nesterov ? combined(momentum, m, 1, projected) : m;
    let update: Rows;
    let ceiling = Infinity;
    if (typeof residual === "object" && "joint" in residual) {
      const y = combined(1 - momentum, times(q!, ahead), residual.joint, outside);
      const level = equilibrate === "columns" ? transposed(withUnitRows(transposed(y))) : y;
      const factor = polarOf(equilibrate === "rows" ? withUnitRows(y) : level);
      update = scaled(scale(Math.min(g.length, g[0]!.length)), factor);
    } else {
      const o = scaled(scale(rank), polarOf(ahead));
      const factors = g[0]!.map((_, j) => {
        if (residual === "off") return 0;
        if (residual === "raw") return 1;
        if (residual !== "fira") return residual.scale;
        return columnNorm(o, j) / columnNorm(projected, j);
      });
      // What orthogonalizing all of G would give has min(m, n) unit singular values.
      if (residual === "fira") ceiling = scale(rank) * Math.sqrt(Math.min(g.length, g[0]!.length));
      update = combined(
        1,
        times(q!, o),
        1,
        outside.map((row) => row.map((x, j) => factors[j]! * x)),
      );
    }
    const norm = frobenius(update);
    const largest = Math.min(ceiling, lastNorm > 0 ? limit * lastNorm : Infinity);
    const limited = Math.min(1, largest / norm);
    lastNorm = norm * limited;
    weight = combined(1 - lr * weightDecay, weight, -lr * limited, update);
  });
  return weight;
}

const columnNorm = (a: Rows, j: number): number => Math.hypot(...a.map((row) => row[j]!));

/** Condition of the worst matrix that the oracle's step is sensitive to: the gradients' leading part, and the gap below it. */
export function sensitivity(gradients: readonly Rows[], rank: number): number {
  return Math.max(
    ...gradients.map((g) => {
      const { s } = svd(g);
      return s[0]! / (s[rank - 1]! - (s[rank] ?? 0));
    }),
  );
}
