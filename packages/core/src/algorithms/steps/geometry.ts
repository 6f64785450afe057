import { OptimizerOptionError } from "../../errors.ts";

/** The side of the gradient that is compressed: the shorter one, the longer one (Algorithm 1), or a named one. */
export type Side = "short" | "long" | "left" | "right";

/** The smallest rank between `min` and `max` whose subspace holds this fraction of the gradient's energy, chosen at every refresh. */
export interface AdaptiveRank {
  readonly energy: number;
  /** Default 1. */
  readonly min?: number;
  /** Largest rank, for which memory is planned. Default: a quarter of the shorter side. */
  readonly max?: number;
}

/** Dimension of the subspace. `undefined` is a quarter of the shorter side. */
export type Rank = number | AdaptiveRank | undefined;

/** Shapes of one `rows × cols` parameter's projection, basis and moment. */
export interface Geometry {
  readonly rows: number;
  readonly cols: number;
  /** Side of the projection: `left` is Qᵀ G, `right` is G Q. */
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
 * Derives a parameter's geometry at the options' largest rank, clamped to the shorter side.
 *
 * @throws {OptimizerOptionError}
 * @param square - The side from which a square matrix is projected under `side: "short"`, where authors differ.
 */
export function geometryOf(
  rows: number,
  cols: number,
  settings: { readonly side: Side; readonly rank: Rank },
  square: Geometry["side"] = "left",
): Geometry {
  checkGeometry(rows, cols, settings);
  const { side, rank } = settings;
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

const SIDES: readonly unknown[] = ["short", "long", "left", "right"] satisfies readonly Side[];

function checkGeometry(rows: number, cols: number, settings: { readonly side: Side; readonly rank: Rank }): void {
  for (const length of [rows, cols]) {
    if (!(Number.isSafeInteger(length) && length >= 1)) {
      throw new OptimizerOptionError("shape", "whole numbers >= 1", length);
    }
  }
  const { side, rank } = settings ?? {};
  if (!SIDES.includes(side)) throw new OptimizerOptionError("side", SIDES.join(", "), side);
  for (const part of typeof rank === "object" ? [rank?.max, rank?.min, rank?.energy] : [rank]) {
    if (part !== undefined && !(typeof part === "number" && part > 0))
      throw new OptimizerOptionError("rank", "a rank >= 1 or { energy }", rank);
  }
}

/** Replaces the rank of a geometry. */
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
