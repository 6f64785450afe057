import { describe } from "../arguments.ts";
import { ArgumentError, NonFiniteError, OptionError, ShapeError } from "../errors.ts";

/** A matrix that is known by its products with vectors alone: sparse, structured, or too large to hold. */
export interface SymmetricOperator {
  readonly rows: number;
  readonly cols: number;
  /** Writes A x to `out`, which holds zeros on entry. Both belong to the caller and change after the call. */
  readonly apply: (x: Float64Array, out: Float64Array) => void;
}

/** A matrix that is given by its products with vectors. */
export interface Operator extends SymmetricOperator {
  /** Writes Aᵀ x to `out`, which holds zeros on entry. */
  readonly applyTransposed: (x: Float64Array, out: Float64Array) => void;
}

/** A product that checks what the callback did. */
export type Product = (x: Float64Array, out: Float64Array) => void;

/** Checks an operator and the number of wanted values. @throws {ArgumentError} @throws {OptionError} @throws {ShapeError} */
export function checkOperator(
  operation: string,
  operator: SymmetricOperator,
  names: readonly ("apply" | "applyTransposed")[],
  k: number,
): void {
  if (typeof operator !== "object" || operator === null) {
    throw new ArgumentError(
      operation,
      `expected an operator { rows, cols, ${names.join(", ")} }, got ${describe(operator)}`,
    );
  }
  for (const name of ["rows", "cols"] as const) {
    const size = operator[name];
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new ArgumentError(operation, `expected ${name} to be a whole number from 1 on, got ${describe(size)}`);
    }
  }
  for (const name of names) {
    const value = (operator as Operator)[name];
    if (typeof value !== "function") {
      throw new ArgumentError(operation, `expected ${name} to be a function, got ${describe(value)}`);
    }
  }
  if (!(Number.isInteger(k) && k >= 1)) {
    throw new OptionError(operation, `expected k to be a whole number from 1 on, got ${describe(k)}`);
  }
  const { rows, cols } = operator;
  if (k > Math.min(rows, cols)) throw new ShapeError(operation, `k = ${k} exceeds min of [${rows}, ${cols}]`);
}

/** The product of `apply`, from vectors of one length to vectors of another. */
export function productOf(
  operation: string,
  operator: SymmetricOperator,
  name: "apply" | "applyTransposed",
  from: number,
  to: number,
): Product {
  // Arrays of their own: a callback that keeps or changes one must not reach the basis.
  const [input, output] = [new Float64Array(from), new Float64Array(to)];
  return (x, out) => {
    input.set(x);
    output.fill(0);
    const returned: unknown = (operator as Operator)[name](input, output);
    if (returned !== undefined) {
      throw new ArgumentError(operation, `expected ${name} to write to its second argument and return nothing, got ${describe(returned)}`); // biome-ignore format: short
    }
    const odd = output.findIndex((value) => value - value !== 0);
    if (odd >= 0) throw new NonFiniteError(operation, [odd, 0], output[odd]!);
    out.set(output);
  };
}
