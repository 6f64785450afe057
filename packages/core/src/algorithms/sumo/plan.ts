import type { BackendSizes } from "../../backend/backend.ts";
import { OptimizerOptionError } from "../../errors.ts";
import type { RulePlan } from "../stepper.ts";
import { type Geometry, geometryOf } from "../steps/geometry.ts";
import { jointWeight, newtonSchulzOptions, type Orthogonalize, type SumoSettings } from "./options.ts";

/** What SUMO takes for one weight. */
export function planSumo(rows: number, cols: number, settings: SumoSettings, sizes: BackendSizes): RulePlan {
  const geometry = geometryOf(rows, cols, settings);
  const { basisRows, rank, momentRows, momentCols, side } = geometry;
  const small = sizes.matrix(momentRows, momentCols);
  const square = sizes.matrix(rank, rank);
  const basis = sizes.matrix(basisRows, rank);

  const [across, along] = side === "left" ? [rows, cols] : [cols, rows];
  const rangeBytes = sizes.rangeFinder(across, along, rank, settings);
  const selectBytes = typeof settings.rank === "object" ? basis + square : 0;
  const carryBytes = small + square + sizes.polar(rank, rank);
  const loadBytes = settings.stateBits === 8 ? basis + small : 0;
  const refreshBytes = basis + selectBytes + small;
  const followBytes = 3 * small + stepBytes(rows, cols, momentRows, momentCols, settings, sizes);
  return {
    state: stateShapes(geometry, settings, sizes),
    scratchBytes:
      loadBytes + Math.max(basis + rangeBytes, basis + selectBytes + carryBytes, refreshBytes + followBytes),
    note: `${noteOf(settings.rank, rank, side)}${settings.stateBits === 8 ? ", 8-bit state" : ""}`,
  };
}

/** The matrices that are remembered. @throws {OptimizerOptionError} if the backend cannot pack them. */
export function stateShapes(
  { basisRows, rank, momentRows, momentCols }: Geometry,
  { stateBits }: Pick<SumoSettings, "stateBits">,
  { packed }: BackendSizes,
): Record<"basis" | "moment", readonly [number, number]> {
  if (stateBits === 32) return { basis: [basisRows, rank], moment: [momentRows, momentCols] };
  if (packed === undefined) throw new OptimizerOptionError("stateBits", "32, since the backend cannot pack state", 8);
  return { basis: [1, packed(basisRows, rank)], moment: [1, packed(momentRows, momentCols)] };
}

/** Scratch of steps 3 to 5, beside Ĝ, the new moment and O. */
function stepBytes(
  rows: number,
  cols: number,
  momentRows: number,
  momentCols: number,
  settings: SumoSettings,
  sizes: BackendSizes,
): number {
  const { residual, cautious } = settings;
  const direction = sizes.matrix(rows, cols);
  if (jointWeight(residual) !== undefined) {
    return direction + orthogonalizeBytes(rows, cols, settings.orthogonalize, sizes);
  }
  const lines = residual === "fira" ? sizes.scaleLines(rows, cols) : 0;
  const outside = residual === "off" && !cautious ? 0 : direction + lines;
  return Math.max(outside, orthogonalizeBytes(momentRows, momentCols, settings.orthogonalize, sizes));
}

/** Scratch of an orthogonalization, or of the measurement that follows it: they share. */
export function orthogonalizeBytes(rows: number, cols: number, method: Orthogonalize, sizes: BackendSizes): number {
  const approximate = newtonSchulzOptions(method);
  const small = Math.min(rows, cols);
  const measure = 2 * sizes.matrix(small, small);
  const compute = approximate ? sizes.newtonSchulz(rows, cols, approximate) : sizes.polar(rows, cols);
  return Math.max(measure, compute);
}

function noteOf(wanted: SumoSettings["rank"], rank: number, side: string): string {
  const adaptive = typeof wanted === "object" ? "up to " : "";
  const limit = typeof wanted === "object" ? wanted.max : wanted;
  const clamped = limit !== undefined && rank < limit ? ` (clamped from ${limit})` : "";
  return `rank ${adaptive}${rank}${clamped}, projected from the ${side}`;
}
