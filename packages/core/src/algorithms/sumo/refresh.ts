import type { Backend, Scratch } from "../../backend/backend.ts";
import type { RefreshTrace, StepInput } from "../stepper.ts";
import { type Geometry, withRank } from "../steps/geometry.ts";
import { chosenRank, leadingColumns, leadingSubspace, project } from "../steps/subspace.ts";
import { principalAngles } from "../steps/telemetry.ts";
import type { Subspace } from "./memory.ts";
import { transport } from "./moment.ts";
import type { SumoSettings } from "./options.ts";

/** A subspace that has been worked in. */
type Known<T> = Subspace<T> & { readonly moment: T };

/**
 * Algorithm 1, step 1: a new subspace, and the moment carried over into it. Both lie in the input's scratch.
 *
 * @param full - at the largest rank.
 * @param key - names the random numbers.
 * @param old - where the last step worked, none before the first.
 */
export function refreshSubspace<T>(
  backend: Backend<T, never>,
  full: Geometry,
  settings: SumoSettings,
  key: readonly [seed: number, stream: number, counter: number],
  old: Known<T> | undefined,
  { gradient, gradientNorm, scratch, watched }: StepInput<T>,
): Subspace<T> {
  const found = scratch.matrix(full.basisRows, full.rank);
  const warm = old !== undefined && isWarm(backend, old, gradient, gradientNorm, settings, scratch);
  const start = warm ? old.basis : undefined;
  const { spectrum } = leadingSubspace(backend, found, gradient, start, key, full, settings, scratch);

  const rank = chosenRank(settings.rank, full.rank, spectrum, gradientNorm);
  const seen = { first: old === undefined, rank, ...(watched && spectrum && { spectrum: spectrum.slice() }) };
  const geometry = withRank(full, rank);
  const basis = rank === full.rank ? found : leadingColumns(backend, found, full.basisRows, full.rank, rank, scratch);
  if (old === undefined) return { basis, moment: undefined, geometry, refresh: { ...seen, retention: 1 } };
  const { moment, ...carried } = carry(backend, old, basis, geometry, scratch, watched);
  return { basis, moment, geometry, refresh: { ...seen, ...carried } };
}

/** Whether the old basis is a start for the new one: it holds more of the gradient than a random one would. */
function isWarm<T>(
  backend: Backend<T, never>,
  { basis, geometry }: Known<T>,
  gradient: T,
  gradientNorm: number,
  settings: SumoSettings,
  scratch: Scratch<T>,
): boolean {
  if (settings.rangeFinder === "cold" || typeof settings.rank === "object") return false;
  return scratch.scope(() => {
    const projected = scratch.matrix(geometry.momentRows, geometry.momentCols);
    project(backend, projected, basis, gradient, geometry);
    return (backend.norm(projected) / gradientNorm) ** 2 > geometry.rank / geometry.basisRows;
  });
}

/** Step 1.1. */
function carry<T>(
  backend: Backend<T, never>,
  old: Known<T>,
  basis: T,
  geometry: Geometry,
  scratch: Scratch<T>,
  watched: boolean,
): Pick<RefreshTrace, "retention" | "angles"> & { readonly moment: T } {
  const moment = scratch.matrix(geometry.momentRows, geometry.momentCols);
  return scratch.scope(() => {
    const change = scratch.matrix(geometry.rank, old.geometry.rank);
    const retention = transport(backend, moment, old.moment, change, basis, old.basis, geometry);
    const angles = watched ? principalAngles(backend, change, scratch) : undefined;
    return { moment, retention, ...(angles && { angles }) };
  });
}
