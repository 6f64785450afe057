import type { SumoSettings } from "../sumo/options.ts";

/** From which side the gradient is projected: `left` is Qᵀ G, `right` is G Q. */
type Side = "left" | "right";

/** The shapes in which one `rows × cols` parameter is tracked. Decided once; nothing below re-derives it. */
export interface Geometry {
  readonly rows: number;
  readonly cols: number;
  readonly side: Side;
  /** Dimension of the subspace: at most min(rows, cols). */
  readonly rank: number;
  /** Q is `basisRows × rank`. */
  readonly basisRows: number;
  /** Ĝ, M and O are `momentRows × momentCols`: rank × cols from the left, rows × rank from the right. */
  readonly momentRows: number;
  readonly momentCols: number;
}

/** How a parameter of this shape is tracked under these options: at the largest rank that they allow, clamped to the shorter side. */
export function geometryOf(rows: number, cols: number, { side, rank }: Pick<SumoSettings, "side" | "rank">): Geometry {
  const shorter = Math.min(rows, cols);
  const wanted = typeof rank === "object" ? rank.max : rank;
  const smallest = typeof rank === "object" ? (rank.min ?? 1) : 1;
  const largest = Math.min(wanted ?? Math.max(smallest, defaultRank(shorter)), shorter);
  const resolved = resolveSide(rows, cols, side);
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

/** `short` compresses the shorter side (Q is min × r), `long` the longer one, as Algorithm 1 does. */
function resolveSide(rows: number, cols: number, side: SumoSettings["side"]): Side {
  if (side === "left" || side === "right") return side;
  const rowsAreShort = rows <= cols;
  return rowsAreShort === (side === "short") ? "left" : "right";
}
