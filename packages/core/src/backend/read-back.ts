import { matrix, polar, rangeFinder, transpose } from "@sumo/linalg";
import { OptimizerOptionError } from "../errors.ts";
import type { Backend, BackendSizes } from "./backend.ts";

/** Host access to a backend's matrices. */
export interface HostAccess<T> {
  shape(a: T): readonly [rows: number, cols: number];
  read(a: T): Float32Array;
  write(a: T, values: Float32Array): void;
}

/**
 * Exact decompositions for a backend without its own: reads matrices back, and factors them by `@sumo/linalg` on the host, with the bits of
 * `linalgBackend`. Costs a read-back and an upload of the operand in addition to the computation.
 */
export function readBack<T>(access: HostAccess<T>): Pick<Backend<T>, "polar" | "rangeFinder"> {
  const { shape, read, write } = access ?? {};
  for (const [name, value] of Object.entries({ shape, read, write })) {
    if (typeof value !== "function") throw new OptimizerOptionError(name, "a function", value);
  }
  const onHost = (a: T) => matrix(...shape(a), read(a));
  return {
    polar(out, a, _, { tolerance }) {
      const { u, s, rank } = polar(onHost(a), { tolerance });
      write(out, u.data);
      return { rank, spectrum: s };
    },
    rangeFinder(out, a, _, { transpose: transposed, start, ...settings }) {
      const operand = onHost(a);
      const { q, s } = rangeFinder(transposed ? transpose(operand) : operand, shape(out)[1], {
        ...settings,
        ...(start !== undefined && { start: onHost(start) }),
      });
      write(out, q.data);
      return { spectrum: s };
    },
  };
}

const bytes = (rows: number, cols: number): number => 4 * rows * cols;

/** Sizes of float32 matrices on a device that allocates on demand. Matrices that are read back lie in linalg's heap and are not counted. */
export const deviceSizes: BackendSizes = {
  allocated: bytes,
  matrix: bytes,
  scaleLines: (rows, cols) => 2 * bytes(rows, cols),
  polar: bytes,
  newtonSchulz: (rows, cols) => 3 * bytes(rows, cols) + 3 * bytes(Math.min(rows, cols), Math.min(rows, cols)),
  rangeFinder: (rows, _, rank) => bytes(rows, rank),
  scratch: (size) => size,
};
