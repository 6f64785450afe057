import { checkOptions, describe, type OptionKinds } from "../arguments.ts";
import { OptionError } from "../errors.ts";
import { type MatrixLike, transpose } from "./matrix.ts";

/** Options of routines that read one triangle of a symmetric matrix. */
export interface TriangleOptions {
  /** The triangle of a symmetric matrix that is read; the other may hold anything. Default `"lower"`, as in NumPy. */
  readonly triangle?: "lower" | "upper";
}

const OPTIONS: OptionKinds<TriangleOptions> = { triangle: "any" };

/** Checks the options of a routine that has no others. @throws {OptionError} */
export function checkTriangleOptions(operation: string, options: TriangleOptions): void {
  checkOptions(operation, options, OPTIONS);
  checkTriangle(operation, options);
}

/** @throws {OptionError} */
export function checkTriangle(operation: string, { triangle }: TriangleOptions): void {
  if (triangle === undefined || triangle === "lower" || triangle === "upper") return;
  throw new OptionError(operation, `triangle must be "lower" or "upper", got ${describe(triangle)}`);
}

/** A view of a symmetric matrix whose lower triangle is the one that is read. */
export const byLowerTriangle = (a: MatrixLike, { triangle = "lower" }: TriangleOptions): MatrixLike =>
  triangle === "lower" ? a : transpose(a);
