import type { Layout } from "../algorithms/steps/scale.ts";
import { describe, ParameterError } from "../errors.ts";

/** A parameter: its name, its shape, and the storage that is updated in place. */
export interface Parameter<Source> {
  /** Unique; names the parameter in reports, events and checkpoints, and its random numbers. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Source;
  /**
   * Whether most rows of its gradients are zero, as those of tokens that a batch lacks in an embedding's: ranks then send only rows that are not.
   * Default false.
   */
  readonly sparse?: boolean;
}

/** A parameter without storage. */
export type ParameterShape = Omit<Parameter<unknown>, "data">;

/** A range of a parameter's rows that is optimized as a matrix of its own. */
export interface Part {
  /** The parameter's name, with `#i` where it was split. */
  readonly name: string;
  readonly firstRow: number;
  readonly rows: number;
  readonly cols: number;
}

/**
 * Flattens a shape to a matrix's: kernels of convolutions become outputs × everything else (or the other way round).
 * Vectors and scalars become one row.
 */
export function flattened(shape: readonly number[], layout: Layout): readonly [rows: number, cols: number] {
  const size = shape.reduce((product, length) => product * length, 1);
  if (shape.length < 2) return [1, size];
  const outputs = layout === "out-in" ? shape[0]! : shape.at(-1)!;
  return layout === "out-in" ? [outputs, size / outputs] : [size / outputs, outputs];
}

/** Whether a parameter is a matrix with more than one row and column. */
export function isMatrix(shape: readonly number[], layout: Layout): boolean {
  const [rows, cols] = flattened(shape, layout);
  return shape.length >= 2 && rows > 1 && cols > 1;
}

/** Splits a parameter into matrices: one, or one for every entry of `split` (rows, for `[out, in]` weights). @throws {ParameterError} */
export function partsOf({ name, shape }: ParameterShape, layout: Layout, split: readonly number[] | undefined): Part[] {
  const [rows, cols] = flattened(shape, layout);
  if (split === undefined) return [{ name, firstRow: 0, rows, cols }];
  if (layout !== "out-in")
    throw new ParameterError(name, 'can be split only with layout "out-in", where outputs are rows');
  const total = split.reduce((sum, part) => sum + part, 0);
  if (total !== rows) {
    throw new ParameterError(
      name,
      `split [${split.join(", ")}] adds up to ${total} rows, shape [${shape.join(", ")}] has ${rows}`,
    );
  }
  let firstRow = 0;
  return split.map((partRows, i) => {
    const part = { name: `${name}#${i}`, firstRow, rows: partRows, cols };
    firstRow += partRows;
    return part;
  });
}

/** @throws {ParameterError} for what is no list of parameters, a missing or repeated name, or an invalid shape. */
export function checkParameters(parameters: readonly ParameterShape[]): void {
  if (!Array.isArray(parameters)) {
    throw new ParameterError("parameters", `expected a list of { name, shape, data }, got ${describe(parameters)}`);
  }
  const seen = new Set<string>();
  for (const [i, parameter] of (parameters as readonly ParameterShape[]).entries()) {
    if (typeof parameter !== "object" || parameter === null) {
      throw new ParameterError(String(i), `expected { name, shape, data }, got ${describe(parameter)}`);
    }
    const { name, shape, sparse = false } = parameter;
    if (typeof name !== "string" || name === "") throw new ParameterError(String(name), "expected a name");
    // An object cannot have such a key of its own.
    if (name === "__proto__") throw new ParameterError(name, "expected another name");
    if (seen.has(name)) throw new ParameterError(name, "expected unique names, got this one twice");
    if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 1)) {
      throw new ParameterError(name, `expected a shape of whole numbers >= 1, got ${describe(shape)}`);
    }
    if (typeof sparse !== "boolean") {
      throw new ParameterError(name, `expected sparse to be true or false, got ${describe(sparse)}`);
    }
    seen.add(name);
  }
}

/** Stream of a matrix's random numbers: FNV-1a of its name, independent of other parameters. */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
