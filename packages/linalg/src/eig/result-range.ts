import type { Engine } from "../engine/engine.ts";
import { OverflowError } from "../errors.ts";
import { dtypeOf, type Real } from "../matrix/real.ts";

/** Refuses results unit · values that leave the range of the dtype of `out`, or are not numbers. @throws {OverflowError} */
export function checkRange(operation: string, engine: Engine, out: Real, values: Float64Array, unit: number): void {
  const most = unit * engine.largest(values.length, values, 0);
  const type = dtypeOf(out);
  if (Number.isFinite(type === "float32" ? Math.fround(most) : most)) return;
  throw new OverflowError(operation, `the result holds numbers outside the range of ${type}`);
}
