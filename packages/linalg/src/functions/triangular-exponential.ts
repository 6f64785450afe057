import type { Workspace } from "../memory/workspace.ts";

/** The part of an upper triangular matrix whose exponential is in closed form. */
export interface Band {
  readonly diagonal: Float64Array;
  /** The elements right of those on the diagonal. */
  readonly neighbours: Float64Array;
}

/** The band of the packed n × n matrix `x`, in scratch of the caller's scope. */
export function bandOf(n: number, x: Float64Array, work: Workspace): Band {
  const diagonal = work.float64(n);
  const neighbours = work.float64(n);
  for (let i = 0; i < n; i++) {
    diagonal[i] = x[i * n + i]!;
    if (i + 1 < n) neighbours[i] = x[i * n + i + 1]!;
  }
  return { diagonal, neighbours };
}

/** out ← diagonal and neighbours of exp(part · matrix): exponentials and, times the neighbour, their divided differences. */
export function writeBand(n: number, { diagonal, neighbours }: Band, part: number, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const x = part * diagonal[i]!;
    out[i * n + i] = Math.exp(x);
    if (i + 1 === n) return;
    out[i * n + i + 1] = part * neighbours[i]! * dividedDifference(x, part * diagonal[i + 1]!);
  }
}

/** (exp(y) − exp(x)) / (y − x), without cancellation. */
function dividedDifference(x: number, y: number): number {
  const half = (y - x) / 2;
  if (Math.abs(half) > 1) return (Math.exp(y) - Math.exp(x)) / (y - x);
  return Math.exp((x + y) / 2) * (half === 0 ? 1 : Math.sinh(half) / half);
}

/** Whether all elements of the packed n × n matrix `x` below the diagonal are zero, or above it. */
export function isTriangular(n: number, x: Float64Array, lower: boolean): boolean {
  for (let i = 1; i < n; i++) for (let j = 0; j < i; j++) if (x[lower ? j * n + i : i * n + j] !== 0) return false;
  return true;
}
