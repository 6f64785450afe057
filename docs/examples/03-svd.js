// # Singular values, and the best approximation
//
// The leading k singular triplets make the matrix of rank k that is nearest to a (Eckart and Young 1936). Its distance
// in the 2-norm is the next singular value, and its share of the energy ‖a‖² is what the kept values hold of the sum of
// squares.

import { matmul, matrix, norm, svd } from "@sumo/linalg";

const [m, n] = [12, 8];
// Smooth functions of two variables are nearly of low rank.
const values = Float64Array.from({ length: m * n }, (_, i) => 1 / (1 + Math.floor(i / n) + (i % n)));
const a = matrix(m, n, values);

const { u, s, vt } = svd(a);
console.log("singular values:", Array.from(s.subarray(0, 5), (value) => value.toExponential(1)).join(" "));

for (const k of [1, 2, 3]) {
  // u[:, :k] diag(s[:k]) vt[:k, :]
  const scaled = Float64Array.from({ length: m * k }, (_, i) => u.get(Math.floor(i / k), i % k) * s[i % k]);
  const nearest = matmul(matrix(m, k, scaled), vt.hi(k, n));
  const missing = values.map((value, i) => value - nearest.data[i]);
  const held = s.subarray(0, k).reduce((sum, value) => sum + value ** 2, 0) / norm(a) ** 2;
  const distance = norm(matrix(m, n, missing), 2).toFixed(5);
  console.log(`rank ${k}: distance ${distance}, next value ${s[k].toFixed(5)}, energy ${(100 * held).toFixed(3)} %`);
}
