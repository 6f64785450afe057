import type { Engine } from "../engine.ts";
import { jacobiTangent } from "./jacobi-tangent.ts";
import { rotateRows } from "./rotate-rows.ts";

/** One sweep of two-sided Jacobi. The contract is that of `Engine.jacobiEigenSweep`. */
export const jacobiEigenSweep: Engine["jacobiEigenSweep"] = (n, tolerance, a, aOffset, lda, m, z, zOffset, ldz) => {
  let largest = 0;
  for (let i = 0; i < n - 1; i++) {
    const p = aOffset + i * lda;
    let turned = false;
    for (let j = i + 1; j < n; j++) {
      const q = aOffset + j * lda;
      const [app, aqq, apq] = [a[p + i]!, a[q + j]!, a[p + j]!];
      const size = Math.abs(apq);
      if (!(size > tolerance * Math.sqrt(Math.abs(app)) * Math.sqrt(Math.abs(aqq)))) continue;
      largest = Math.max(largest, size);
      turned = true;
      const tangent = jacobiTangent(app, aqq, apq);
      const c = 1 / Math.sqrt(1 + tangent * tangent);
      const s = c * tangent;
      rotateRows(a, p, q, n, c, s);
      rotateRows(z, zOffset + i * ldz, zOffset + j * ldz, m, c, s);
      copyToColumn(n, a, aOffset, lda, j);
      a[p + i] = app - tangent * apq;
      a[q + j] = aqq + tangent * apq;
      a[p + j] = a[q + i] = 0;
    }
    // Until here nothing read column i.
    if (turned) copyToColumn(n, a, aOffset, lda, i);
  }
  return largest;
};

function copyToColumn(n: number, a: Float64Array, offset: number, lda: number, j: number): void {
  for (let i = 0, row = offset + j * lda, at = offset + j; i < n; i++, at += lda) a[at] = a[row + i]!;
}
