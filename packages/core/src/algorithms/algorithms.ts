import { OptimizerOptionError } from "../errors.ts";
import type { Algorithm } from "./algorithm.ts";
import * as table from "./table.ts";

/** Table of the optimizers by name: titles, requirements, options and learning rates. */
export const algorithms: Readonly<Record<OptimizerName, Algorithm>> = table;

/** Name of an optimizer of the table of algorithms. */
export type OptimizerName = keyof typeof table;
/** Options of any optimizer, discriminated by `optimizer`. */
export type OptimizerOptions = Parameters<(typeof table)[OptimizerName]["settings"]>[0];
/** {@link OptimizerOptions} with every default filled in. */
export type OptimizerSettings = ReturnType<(typeof table)[OptimizerName]["settings"]>;

/** Checks options and fills in defaults. @throws {OptimizerOptionError} */
export function settingsOf(options: OptimizerOptions): OptimizerSettings {
  const { optimizer } = options;
  if (typeof optimizer !== "string" || !Object.hasOwn(algorithms, optimizer)) {
    const names = Object.keys(algorithms).map((name) => JSON.stringify(name));
    throw new OptimizerOptionError("optimizer", names.join(", "), optimizer);
  }
  return algorithms[optimizer].settings(options) as OptimizerSettings;
}
