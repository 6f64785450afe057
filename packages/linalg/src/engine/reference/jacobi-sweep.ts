import type { Engine } from "../engine.ts";
import { jacobiTangent } from "./jacobi-tangent.ts";
import { rotateRows } from "./rotate-rows.ts";

/** One sweep of one-sided Jacobi on rows. The contract is that of `Engine.jacobiSweep`. */
export const jacobiSweep: Engine["jacobiSweep"] = (k, n, tolerance, x, xOffset, ldx, squares, m, z, zOffset, ldz) => {
  let largest = 0;
  for (let i = 0; i < k - 1; i++) {
    bringLargest(i, k, n, x, xOffset, ldx, squares, m, z, zOffset, ldz);
    for (let j = i + 1; j < k; j++) {
      const p = xOffset + i * ldx;
      const q = xOffset + j * ldx;
      let dot = 0;
      for (let t = 0; t < n; t++) dot += x[p + t]! * x[q + t]!;
      const a = squares[i]!;
      const b = squares[j]!;
      const cosine = Math.abs(dot) / (Math.sqrt(a) * Math.sqrt(b));
      if (!(cosine > tolerance)) continue;
      largest = Math.max(largest, cosine);
      const tangent = jacobiTangent(a, b, dot);
      const c = 1 / Math.sqrt(1 + tangent * tangent);
      const s = c * tangent;
      rotateRows(x, p, q, n, c, s);
      rotateRows(z, zOffset + i * ldz, zOffset + j * ldz, m, c, s);
      squares[i] = updated(a, -tangent * dot, n, x, p);
      squares[j] = updated(b, tangent * dot, n, x, q);
    }
  }
  return largest;
};

/** De Rijk's pivoting: exchanges row i with the longest of the rows from i on. */
function bringLargest(
  i: number,
  k: number,
  n: number,
  x: Float64Array,
  xOffset: number,
  ldx: number,
  squares: Float64Array,
  m: number,
  z: Float64Array,
  zOffset: number,
  ldz: number,
): void {
  let most = i;
  for (let j = i + 1; j < k; j++) if (squares[j]! > squares[most]!) most = j;
  if (most === i) return;
  const square = squares[i]!;
  squares[i] = squares[most]!;
  squares[most] = square;
  rotateRows(x, xOffset + i * ldx, xOffset + most * ldx, n, 0, 1);
  rotateRows(z, zOffset + i * ldz, zOffset + most * ldz, m, 0, 1);
}

/** A row's square after a rotation: by the change, or summed anew where the change cancels most of it. */
function updated(square: number, change: number, n: number, x: Float64Array, offset: number): number {
  const sum = square + change;
  return sum > 0.01 * square ? sum : sumOfSquares(n, x, offset);
}

function sumOfSquares(n: number, x: Float64Array, offset: number): number {
  let sum = 0;
  for (let t = 0; t < n; t++) sum += x[offset + t]! * x[offset + t]!;
  return sum;
}
