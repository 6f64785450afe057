import { type Limited, limitGrowth } from "../../steps/limit.ts";
import { orthogonalize } from "../../steps/orthogonalize.ts";
import { updateScale } from "../../steps/scale.ts";
import { inspect } from "../../steps/telemetry.ts";
import type { Update, UpdateInput } from "./form.ts";

/** Algorithm 1, step 3: the moment ← s O, its orthogonal polar factor times the update's scale s. */
export function orthogonalizeInside<T>({
  backend,
  settings,
  subspace,
  moment,
  layout,
  unit,
  scratch,
  watched,
}: UpdateInput<T>): { readonly scale: number; readonly seen: Update<T>["seen"] } {
  const { rows, cols, rank, momentRows, momentCols } = subspace.geometry;
  const info = orthogonalize(backend, moment, momentRows, momentCols, settings.orthogonalize, scratch);
  const seen = watched ? inspect(backend, info, moment, momentRows, momentCols, scratch) : {};
  const scale = unit * updateScale(settings, rows, cols, rank, layout);
  backend.axpby(moment, scale, moment, 0);
  return { scale, seen };
}

/** Algorithm 1, step 4 as printed: limits s O before the residual is added. `undefined` if the whole update is limited instead. */
export function limitInside<T>({ backend, settings, moment, lastNorm }: UpdateInput<T>): Limited | undefined {
  if (settings.growthLimitOn !== "orthogonal") return undefined;
  return limitGrowth(backend, moment, lastNorm, settings.growthLimit);
}
