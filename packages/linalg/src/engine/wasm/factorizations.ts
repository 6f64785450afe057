import type { Engine } from "../engine.ts";
import type { Kernels } from "./kernels.ts";

/** Address of element `offset`. These kernels work in scratch, which always lies in the heap. */
const at = (array: Float64Array, offset: number): number => array.byteOffset + 8 * offset;

export function factorizations(kernels: Kernels): Pick<Engine, "jacobi" | "reflect" | "rotate" | "updateMultiply"> {
  return {
    jacobi(k, n, tolerance, x, xOffset, ldx, squares, m, z, zOffset, ldz) {
      return kernels.jacobi(k, n, tolerance, at(x, xOffset), ldx, at(squares, 0), m, at(z, zOffset), ldz);
    },
    reflect(m, n, tau, v, vOffset, x, xOffset, ldx) {
      kernels.reflect(m, n, tau, at(v, vOffset), at(x, xOffset), ldx);
    },
    rotate(count, n, c, s, cOffset, x, xOffset, ldx) {
      kernels.rotate(count, n, at(c, cOffset), at(s, cOffset), at(x, xOffset), ldx);
    },
    updateMultiply(n, a, aOffset, lda, v, w, x, y, offset) {
      kernels.updateMultiply(n, at(a, aOffset), lda, at(v, offset), at(w, offset), at(x, offset), at(y, offset));
    },
  };
}
