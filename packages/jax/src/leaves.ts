import { numpy as np, tree } from "@jax-js/jax";
import { describe } from "@sumo/core";
import type { Arrays } from "./arrays.ts";
import { StructureError } from "./errors.ts";

/** Arrays of a tree by path, e.g. `layers.0.kernel`, in the order of `tree.leaves`. The path of a bare array is `params`. */
export type Leaves = ReadonlyMap<string, np.Array>;

type Structure = ReturnType<typeof tree.structure>;

/**
 * Names the leaves of a tree and checks that each is a float32 array.
 *
 * @param what - What they are, for messages.
 * @param mayBeTraced - Whether arrays inside of `jit` are leaves too.
 * @throws {StructureError}
 */
export function leavesOf(given: Arrays, what: string, mayBeTraced = false): Leaves {
  if (typeof given !== "object" || given === null) {
    throw new StructureError(`${what}: expected an array, or lists and objects of arrays, got ${describe(given)}`);
  }
  const values: readonly unknown[] = tree.leaves(given);
  const names = pathsOf(tree.structure(given));
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new StructureError(`${what}: two paths are ${repeated}; rename a key with a dot`);
  return new Map(names.map((name, i) => [name, checked(values[i], `${what}: ${JSON.stringify(name)}`, mayBeTraced)]));
}

/** Whether a leaf is trained. */
export const hasElements = (shape: readonly number[]): boolean => shape.every((length) => length > 0);

/** Names and shapes of arrays. */
export const shapesOf = (leaves: Leaves): ReadonlyMap<string, readonly number[]> =>
  new Map([...leaves].map(([name, { shape }]) => [name, shape]));

/** @throws {StructureError} unless both have the same names, in any order, and the same shapes. */
export function checkSame(leaves: Leaves, shapes: ReadonlyMap<string, readonly number[]>, what: string): void {
  const lacks = [...shapes.keys()].filter((name) => !leaves.has(name));
  const others = [...leaves.keys()].filter((name) => !shapes.has(name));
  if (lacks.length + others.length > 0) {
    const parts = [
      ...(lacks.length > 0 ? [`lack ${lacks.join(", ")}`] : []),
      ...(others.length > 0 ? [`also have ${others.join(", ")}`] : []),
    ];
    throw new StructureError(`${what}: expected the structure that \`init\` saw, got ones that ${parts.join(" and ")}`);
  }
  for (const [name, { shape }] of leaves) {
    const expected = shapes.get(name)!;
    if (shape.join() === expected.join()) continue;
    throw new StructureError(
      `${what}: ${JSON.stringify(name)}: expected shape [${expected.join(", ")}], got [${shape.join(", ")}]`,
    );
  }
}

/** Disposes of every array of a tree; other leaves are ignored. */
export function release(given: unknown): void {
  if (typeof given !== "object" || given === null) return;
  for (const leaf of tree.leaves(given as Arrays)) {
    if (leaf instanceof np.Array ? leaf.refCount > 0 : isTraced(leaf)) leaf.dispose();
  }
}

/** Whether a leaf stands for an array inside of `jit`, `grad` or `vmap`. */
const isTraced = (leaf: unknown): leaf is np.Array => typeof leaf === "object" && leaf !== null && "aval" in leaf;

function checked(leaf: unknown, what: string, mayBeTraced: boolean): np.Array {
  if (leaf instanceof np.Array) {
    if (leaf.refCount < 1)
      throw new StructureError(`${what}: expected an array, got one that was used up; \`.ref\` keeps one`);
  } else if (!isTraced(leaf)) {
    throw new StructureError(`${what}: expected an array, got ${describe(leaf)}`);
  } else if (!mayBeTraced) {
    const got = "one that is being traced; inside of jit use pureTransformation";
    throw new StructureError(`${what}: expected an array, got ${got}`);
  }
  if (leaf.dtype !== np.float32) throw new StructureError(`${what}: expected float32, got ${leaf.dtype}`);
  return leaf;
}

function pathsOf(structure: Structure): string[] {
  const paths = [...pathsIn(structure)].map((path) => path.join("."));
  return paths.length === 1 && paths[0] === "" ? ["params"] : paths;
}

function* pathsIn({ nodeType, nodeMetadata, childTreedefs }: Structure): Generator<string[]> {
  if (nodeType === "Leaf") {
    yield [];
    return;
  }
  const keys: readonly string[] = nodeType === "Object" ? nodeMetadata : childTreedefs.map((_, i) => String(i));
  for (const [i, child] of childTreedefs.entries()) for (const rest of pathsIn(child)) yield [keys[i]!, ...rest];
}
