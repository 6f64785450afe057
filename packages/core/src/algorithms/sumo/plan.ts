import type { BackendSizes } from "../../backend/backend.ts";
import type { StepperPlan } from "../stepper.ts";
import { type Geometry, geometryOf } from "../steps/geometry.ts";
import { packedWords } from "../steps/packed.ts";
import type { SumoSettings } from "./options.ts";
import { residualForm } from "./residual/forms.ts";

/** Plans SUMO's memory for one weight. */
export function planSumo(rows: number, cols: number, settings: SumoSettings, sizes: BackendSizes): StepperPlan {
  const geometry = geometryOf(rows, cols, settings);
  const { basisRows, rank, momentRows, momentCols, side } = geometry;
  const small = sizes.matrix(momentRows, momentCols);
  const square = sizes.matrix(rank, rank);
  const basis = sizes.matrix(basisRows, rank);

  const [across, along] = side === "left" ? [rows, cols] : [cols, rows];
  const rangeBytes = sizes.rangeFinder(across, along, rank, settings.sketch);
  const selectBytes = typeof settings.rank === "object" ? basis + square : 0;
  const carryBytes = small + square + sizes.polar(rank, rank);
  const loadBytes = settings.stateBits === 8 ? basis + small : 0;
  const refreshBytes = basis + selectBytes + small;
  const followBytes = 3 * small + residualForm(settings.residual).bytes(geometry, settings, sizes);
  return {
    state: stateShapes(geometry, settings, sizes),
    scratchBytes:
      loadBytes + Math.max(basis + rangeBytes, basis + selectBytes + carryBytes, refreshBytes + followBytes),
    ...(needsProjectionOnly(settings) && {
      projection: [momentRows, momentCols] as const,
      replicated: ["basis"],
      followed: !settings.cautious, // which looks at the whole direction
    }),
    note: `${noteOf(settings.rank, rank, side)}${settings.stateBits === 8 ? ", 8-bit state" : ""}`,
  };
}

/** Whether a step without a residual that keeps its subspace needs Ĝ alone, which is linear in G: its refresh is due by count, and no state is unpacked. */
export function needsProjectionOnly({ residual, refresh, stateBits }: SumoSettings): boolean {
  return residualForm(residual).needsProjectionOnly && "every" in refresh && stateBits === 32;
}

/** Shapes of Q and M in the state, packed or not. @throws {OptimizerOptionError} if the backend cannot pack them. */
export function stateShapes(
  { basisRows, rank, momentRows, momentCols }: Geometry,
  { stateBits }: Pick<SumoSettings, "stateBits">,
  sizes: BackendSizes,
): Record<"basis" | "moment", readonly [number, number]> {
  if (stateBits === 32) return { basis: [basisRows, rank], moment: [momentRows, momentCols] };
  const words = (rows: number, cols: number) => [1, packedWords(rows, cols, stateBits, sizes)] as const;
  return { basis: words(basisRows, rank), moment: words(momentRows, momentCols) };
}

function noteOf(wanted: SumoSettings["rank"], rank: number, side: string): string {
  const adaptive = typeof wanted === "object" ? "up to " : "";
  const limit = typeof wanted === "object" ? wanted.max : wanted;
  const clamped = limit !== undefined && rank < limit ? ` (clamped from ${limit})` : "";
  return `rank ${adaptive}${rank}${clamped}, projected from the ${side}`;
}
