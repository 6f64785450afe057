import { type CollectiveArray, describe, type Reduction } from "@sumo/core";
import { CollectiveArgumentError } from "./errors.ts";

/** Element types by the names of their arrays. */
export const ELEMENT_TYPES = ["Float32Array", "Float64Array", "Int32Array", "Uint8Array"] as const;
export type ElementType = (typeof ELEMENT_TYPES)[number];
const REDUCTIONS: readonly unknown[] = ["sum", "max"] satisfies readonly Reduction[];

/** The type of an array's elements; also of subclasses, such as `Buffer`. */
export const elementTypeOf = (values: CollectiveArray): ElementType =>
  values[Symbol.toStringTag] satisfies string as ElementType;

/** @throws {CollectiveArgumentError} unless `values` is an array that ranks exchange. */
function checkArray(operation: string, values: CollectiveArray): void {
  if (ArrayBuffer.isView(values) && ELEMENT_TYPES.includes(elementTypeOf(values))) return;
  throw new CollectiveArgumentError(operation, `one of ${ELEMENT_TYPES.join(", ")}`, describe(values));
}

/** @throws {CollectiveArgumentError} */
export function checkReduction(operation: string, values: CollectiveArray, reduction: Reduction): void {
  checkArray(operation, values);
  if (!REDUCTIONS.includes(reduction))
    throw new CollectiveArgumentError(operation, '"sum" or "max"', describe(reduction));
}

/** @throws {CollectiveArgumentError} unless `whole` has `size` blocks like `block`, of its type, and does not overlap it. */
export function checkBlocks(operation: string, whole: CollectiveArray, block: CollectiveArray, size: number): void {
  checkArray(operation, whole);
  checkArray(operation, block);
  const [type, length] = [elementTypeOf(block), size * block.length];
  if (elementTypeOf(whole) !== type || whole.length !== length) {
    const expected = `a ${type} of ${length} (${size} blocks of ${block.length})`;
    throw new CollectiveArgumentError(operation, expected, `a ${elementTypeOf(whole)} of ${whole.length}`);
  }
  if (overlap(whole, block)) {
    throw new CollectiveArgumentError(operation, "arrays that do not overlap", "two views of the same memory");
  }
}

/** @throws {CollectiveArgumentError} */
export function checkRootedReduction(
  operation: string,
  values: CollectiveArray,
  reduction: Reduction,
  root: number,
  size: number,
): void {
  checkReduction(operation, values, reduction);
  checkRoot(operation, root, size);
}

/** @throws {CollectiveArgumentError} */
export function checkBroadcast(operation: string, values: CollectiveArray, root: number, size: number): void {
  checkArray(operation, values);
  checkRoot(operation, root, size);
}

function checkRoot(operation: string, root: number, size: number): void {
  if (Number.isInteger(root) && root >= 0 && root < size) return;
  throw new CollectiveArgumentError(operation, `a root in [0, ${size})`, describe(root));
}

const overlap = (a: CollectiveArray, b: CollectiveArray): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
