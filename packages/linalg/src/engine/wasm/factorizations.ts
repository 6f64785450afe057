import type { Engine } from "../engine.ts";
import type { Kernels } from "./kernels.ts";

/** Address of element `offset`. These kernels work in scratch, which always lies in the heap. */
const at = (array: Float64Array, offset: number): number => array.byteOffset + 8 * offset;

export function factorizations(
  kernels: Kernels,
): Pick<
  Engine,
  "jacobiSweep" | "jacobiEigenSweep" | "qlSweep" | "rankOneEigen" | "reflect" | "gemv" | "updateMultiply"
> {
  return {
    jacobiSweep(k, n, tolerance, x, xOffset, ldx, squares, m, z, zOffset, ldz) {
      return kernels.jacobiSweep(k, n, tolerance, at(x, xOffset), ldx, at(squares, 0), m, at(z, zOffset), ldz);
    },
    jacobiEigenSweep(n, tolerance, a, aOffset, lda, m, z, zOffset, ldz) {
      return kernels.jacobiEigenSweep(n, tolerance, at(a, aOffset), lda, m, at(z, zOffset), ldz);
    },
    rankOneEigen(k, rho, d, z, place, values, vectors, scratch) {
      const operands = [at(d, 0), at(z, 0), place.byteOffset, at(values, 0), at(vectors, 0), at(scratch, 0)] as const;
      kernels.rankOneEigen(k, rho, ...operands);
    },
    reflect(m, n, tau, v, vOffset, x, xOffset, ldx) {
      kernels.reflect(m, n, tau, at(v, vOffset), at(x, xOffset), ldx);
    },
    gemv(trans, m, n, alpha, a, aOffset, lda, x, xOffset, beta, y, yOffset) {
      kernels.gemv(trans, m, n, alpha, at(a, aOffset), lda, at(x, xOffset), beta, at(y, yOffset));
    },
    qlSweep(first, last, d, e, z, column, m, ldz) {
      return kernels.qlSweep(first, last, at(d, 0), at(e, 0), at(z, column), m, ldz);
    },
    updateMultiply(n, a, aOffset, lda, v, w, x, y, offset) {
      kernels.updateMultiply(n, at(a, aOffset), lda, at(v, offset), at(w, offset), at(x, offset), at(y, offset));
    },
  };
}
