import type { Backend, Scratch } from "../../backend/backend.ts";
import { type Gradient, type WholeGradient, wholeOf } from "../gradient.ts";
import type { RefreshTrace, StepInput } from "../stepper.ts";
import { type Geometry, withRank } from "../steps/geometry.ts";
import { chosenRank, leadingColumns, leadingSubspace, Subspace } from "../steps/subspace.ts";
import { principalAngles } from "../steps/telemetry.ts";
import type { Tracking } from "./memory.ts";
import type { SumoSettings } from "./options.ts";

/** A subspace that has a moment. */
type Known<T> = Tracking<T> & { readonly moment: T };

/**
 * Algorithm 1, step 1: computes a new subspace, and projects the moment onto it. Both are in the input's scratch.
 *
 * @param full - The geometry at the largest rank.
 * @param key - Key of the random numbers.
 * @param old - The subspace and moment of the last step; none before the first.
 */
export function refreshSubspace<T>(
  backend: Backend<T, never>,
  full: Geometry,
  settings: SumoSettings,
  key: readonly [seed: number, stream: number, counter: number],
  old: Known<T> | undefined,
  { gradient: given, scratch, watched }: Omit<StepInput<T, Gradient<T>>, "weight" | "lr">,
): Tracking<T> {
  const gradient = wholeOf(given);
  const found = scratch.matrix(full.basisRows, full.rank);
  const start = old !== undefined && isWarm(backend, old.subspace, gradient, settings, scratch) ? old : undefined;
  const { spectrum } = leadingSubspace(
    backend,
    found,
    gradient.matrix,
    start?.subspace.basis,
    key,
    full,
    settings.sketch,
    scratch,
  );
  const rank = chosenRank(settings.rank, full.rank, spectrum, gradient.norm());
  const basis = rank === full.rank ? found : leadingColumns(backend, found, full.basisRows, full.rank, rank, scratch);
  const subspace = new Subspace(backend, basis, withRank(full, rank));
  const seen = { first: old === undefined, rank, ...(watched && spectrum && { spectrum: spectrum.slice() }) };
  if (old === undefined) return { subspace, moment: undefined, refresh: { ...seen, retention: 1 } };
  const { moment, ...carried } = carry(backend, old, subspace, scratch, watched);
  return { subspace, moment, refresh: { ...seen, ...carried } };
}

/** Whether a power iteration may start from the old basis: if it captures more of the gradient than a random one would. */
function isWarm<T>(
  backend: Backend<T, never>,
  subspace: Subspace<T>,
  gradient: WholeGradient<T>,
  { sketch, rank }: SumoSettings,
  scratch: Scratch<T>,
): boolean {
  if (sketch.start === "cold" || typeof rank === "object") return false;
  return scratch.scope(() => {
    const projected = subspace.momentIn(scratch);
    subspace.project(projected, gradient.matrix);
    const { geometry } = subspace;
    return (backend.norm(projected) / gradient.norm()) ** 2 > geometry.rank / geometry.basisRows;
  });
}

/** Algorithm 1, step 1.1: projects the old moment onto the new subspace. */
function carry<T>(
  backend: Backend<T, never>,
  old: Known<T>,
  subspace: Subspace<T>,
  scratch: Scratch<T>,
  watched: boolean,
): Pick<RefreshTrace, "retention" | "angles"> & { readonly moment: T } {
  const moment = subspace.momentIn(scratch);
  return scratch.scope(() => {
    const change = scratch.matrix(subspace.geometry.rank, old.subspace.geometry.rank);
    const retention = subspace.carry(moment, old.moment, old.subspace, change);
    const angles = watched ? principalAngles(backend, change, scratch) : undefined;
    return { moment, retention, ...(angles && { angles }) };
  });
}
