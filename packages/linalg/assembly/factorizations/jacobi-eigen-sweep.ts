import { jacobiTangent, turn } from "./rotation";

/** The contract of `Engine.jacobiEigenSweep`. */
export function jacobiEigenSweep(n: usize, tolerance: f64, a: usize, lda: usize, m: usize, z: usize, ldz: usize): f64 {
  lda *= 8;
  ldz *= 8;
  let largest: f64 = 0;
  for (let i: usize = 0; i + 1 < n; i++) {
    const p = a + i * lda;
    let turned = false;
    for (let j = i + 1; j < n; j++) {
      const q = a + j * lda;
      const app = load<f64>(p + 8 * i), aqq = load<f64>(q + 8 * j), apq = load<f64>(p + 8 * j);
      const size = abs(apq);
      if (!(size > tolerance * sqrt(abs(app)) * sqrt(abs(aqq)))) continue;
      largest = max(largest, size);
      turned = true;
      const tangent = jacobiTangent(app, aqq, apq);
      const c: f64 = 1 / sqrt(1 + tangent * tangent), s = c * tangent;
      turn(n, c, s, p, q);
      turn(m, c, s, z + i * ldz, z + j * ldz);
      copyToColumn(n, a, lda, j);
      store<f64>(p + 8 * i, app - tangent * apq);
      store<f64>(q + 8 * j, aqq + tangent * apq);
      store<f64>(p + 8 * j, 0);
      store<f64>(q + 8 * i, 0);
    }
    // Until here nothing read column i.
    if (turned) copyToColumn(n, a, lda, i);
  }
  return largest;
}

// @ts-ignore: decorator
@inline
function copyToColumn(n: usize, a: usize, lda: usize, j: usize): void {
  for (let row = a + j * lda, end = row + 8 * n, at = a + 8 * j; row < end; row += 8, at += lda) {
    store<f64>(at, load<f64>(row));
  }
}
