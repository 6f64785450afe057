/**
 * The routines for stacks of matrices: leading axes are treated as in NumPy.
 *
 * @module
 */

export type { Stacked } from "./stacks/over-stacks.ts";
export * from "./stacks/routines.ts";
export { Stack, stack } from "./stacks/stack.ts";
