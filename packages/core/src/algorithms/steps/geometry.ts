/** Which side of the gradient is compressed: the shorter one, the longer one (Algorithm 1), or a named one. */
export type Side = "short" | "long" | "left" | "right";

/** The smallest rank between `min` and `max` whose subspace holds this fraction of the gradient's energy, chosen anew at every refresh. */
export interface AdaptiveRank {
  readonly energy: number;
  /** Default 1. */
  readonly min?: number;
  /** The rank that memory is planned for. Default: a quarter of the shorter side. */
  readonly max?: number;
}

/** Dimension of the subspace. `undefined` is a quarter of the shorter side. */
export type Rank = number | AdaptiveRank | undefined;

/** The shapes in which one `rows × cols` parameter is tracked. Decided once; nothing below re-derives it. */
export interface Geometry {
  readonly rows: number;
  readonly cols: number;
  /** From which side the gradient is projected: `left` is Qᵀ G, `right` is G Q. */
  readonly side: "left" | "right";
  /** Dimension of the subspace: at most min(rows, cols). */
  readonly rank: number;
  /** Q is `basisRows × rank`. */
  readonly basisRows: number;
  /** Ĝ, M and O are `momentRows × momentCols`: rank × cols from the left, rows × rank from the right. */
  readonly momentRows: number;
  readonly momentCols: number;
}

/**
 * The geometry of a parameter at the largest rank that the options allow, clamped to the shorter side.
 *
 * @param square - The side from which a square matrix is projected under `side: "short"`, where authors differ.
 */
export function geometryOf(
  rows: number,
  cols: number,
  { side, rank }: { readonly side: Side; readonly rank: Rank },
  square: Geometry["side"] = "left",
): Geometry {
  const shorter = Math.min(rows, cols);
  const wanted = typeof rank === "object" ? rank.max : rank;
  const smallest = typeof rank === "object" ? (rank.min ?? 1) : 1;
  const largest = Math.min(wanted ?? Math.max(smallest, defaultRank(shorter)), shorter);
  const resolved = resolveSide(rows, cols, side, square);
  const left = resolved === "left";
  return withRank(
    { rows, cols, side: resolved, rank: largest, basisRows: left ? rows : cols, momentRows: rows, momentCols: cols },
    largest,
  );
}

/** The same parameter in a subspace of another dimension. */
export function withRank(geometry: Geometry, rank: number): Geometry {
  return geometry.side === "left" ? { ...geometry, rank, momentRows: rank } : { ...geometry, rank, momentCols: rank };
}

/** A quarter of the shorter side: a fifth of AdamW's state for square matrices. */
const defaultRank = (shorter: number): number => Math.max(1, Math.ceil(shorter / 4));

/** `short` compresses the shorter side (Q is min × r). `long` compresses the longer one: Algorithm 1 projects from the left where m >= n. */
function resolveSide(rows: number, cols: number, side: Side, square: Geometry["side"]): Geometry["side"] {
  if (side === "left" || side === "right") return side;
  if (side === "long") return rows >= cols ? "left" : "right";
  if (rows === cols) return square;
  return rows < cols ? "left" : "right";
}
