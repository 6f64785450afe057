import type { Engine } from "../engine.ts";
import { rotateRows } from "./rotate-rows.ts";

/** One implicit QL step. The contract is that of `Engine.qlSweep`. */
export const qlSweep: Engine["qlSweep"] = (first, last, d, e, z, column, m, ldz) => {
  const half = (d[first + 1]! - d[first]!) / (2 * e[first]!);
  const root = pythagoras(half, 1);
  let g = d[last]! - d[first]! + e[first]! / (half + (half >= 0 ? root : -root));
  let cosine = 1;
  let sine = 1;
  let p = 0;
  for (let i = last - 1; i >= first; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = pythagoras(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The bulge vanished: the block splits here.
      d[i + 1]! -= p;
      e[last] = 0;
      return i + 1;
    }
    const inverse = 1 / r;
    sine = f * inverse;
    cosine = g * inverse;
    const difference = d[i + 1]! - p;
    const t = (d[i]! - difference) * sine + 2 * cosine * b;
    p = sine * t;
    d[i + 1] = difference + p;
    g = cosine * t - b;
    rotateRows(z, i * ldz + column, (i + 1) * ldz + column, m, cosine, sine);
  }
  d[first]! -= p;
  e[first] = g;
  e[last] = 0;
  return first;
};

/** √(f² + g²), by way of the larger where the squares would overflow or vanish. */
function pythagoras(f: number, g: number): number {
  const squares = f * f + g * g;
  if (squares > 1e-280 && squares < 1e280) return Math.sqrt(squares);
  const most = Math.max(Math.abs(f), Math.abs(g));
  if (most === 0) return 0;
  const [x, y] = [f / most, g / most];
  return most * Math.sqrt(x * x + y * y);
}
