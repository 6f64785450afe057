import type { Engine } from "../engine.ts";

/** The kernels that a library serves. */
export type LibraryKernels = Pick<Engine, "gemm" | "gram" | "lapack">;

/** One statement of the engine's contract about the work that a library does, and a check of it. */
export interface Clause {
  /** As in a sentence after the library's name, e.g. "gram carries NaN to its row and column only". */
  readonly text: string;
  readonly holds: (kernels: LibraryKernels) => boolean;
}

/**
 * The first clause that the kernels break, undefined if they keep all of them. A check that throws counts as broken, with its message.
 */
export function brokenClause(clauses: readonly Clause[], kernels: LibraryKernels): string | undefined {
  for (const { text, holds } of clauses) {
    try {
      if (!holds(kernels)) return `"${text}"`;
    } catch (error) {
      return `"${text}" (${error instanceof Error ? error.message : error})`;
    }
  }
  return undefined;
}
