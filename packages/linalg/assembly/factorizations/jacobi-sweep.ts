import { jacobiTangent, turn } from "./rotation";
import { dot } from "../elementwise/vector";

/** The contract of `Engine.jacobiSweep`. */
export function jacobiSweep(
  k: usize, n: usize, tolerance: f64, x: usize, ldx: usize, squares: usize, m: usize, z: usize, ldz: usize,
): f64 {
  ldx *= 8;
  ldz *= 8;
  let largest: f64 = 0;
  for (let i: usize = 0; i + 1 < k; i++) {
    bringLargest(i, k, n, x, ldx, squares, m, z, ldz);
    const p = x + i * ldx;
    for (let j = i + 1; j < k; j++) {
      const q = x + j * ldx;
      const product = dot<f64>(n, p, q);
      const a = load<f64>(squares + 8 * i), b = load<f64>(squares + 8 * j);
      const cosine = abs(product) / (sqrt(a) * sqrt(b));
      if (!(cosine > tolerance)) continue;
      largest = max(largest, cosine);
      const tangent = jacobiTangent(a, b, product);
      const c: f64 = 1 / sqrt(1 + tangent * tangent), s = c * tangent;
      turn(n, c, s, p, q);
      turn(m, c, s, z + i * ldz, z + j * ldz);
      store<f64>(squares + 8 * i, updated(a, -tangent * product, n, p));
      store<f64>(squares + 8 * j, updated(b, tangent * product, n, q));
    }
  }
  return largest;
}

/** A row's square after a rotation: by the change, or summed anew where the change cancels most of it. */
// @ts-ignore: decorator
@inline
function updated(square: f64, change: f64, n: usize, row: usize): f64 {
  const sum = square + change;
  return sum > 0.01 * square ? sum : dot<f64>(n, row, row);
}

function bringLargest(
  i: usize, k: usize, n: usize, x: usize, ldx: usize, squares: usize, m: usize, z: usize, ldz: usize,
): void {
  let most = i;
  for (let j = i + 1; j < k; j++) if (load<f64>(squares + 8 * j) > load<f64>(squares + 8 * most)) most = j;
  if (most == i) return;
  const square = load<f64>(squares + 8 * i);
  store<f64>(squares + 8 * i, load<f64>(squares + 8 * most));
  store<f64>(squares + 8 * most, square);
  turn(n, 0, 1, x + i * ldx, x + most * ldx);
  turn(m, 0, 1, z + i * ldz, z + most * ldz);
}
