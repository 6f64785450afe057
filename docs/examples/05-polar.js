// # Exact polar factor or Newton–Schulz
//
// SUMO and Muon replace a moment u diag(s) vᵀ by u vᵀ: every singular value becomes one. Muon does it by five
// polynomial steps, and these enlarge a small value by a fixed factor a step. What lies below stays small; the exact
// factor treats all alike.

import { fillNormal, newtonSchulz, polar, qr, svdvals, zeros } from "@sumo/linalg";

const [r, n] = [8, 40];
const random = zeros(n, r);
fillNormal(random.data, [1, 0, 0]);
const directions = qr(random).q; // n × r with orthonormal columns

console.log("condition  exact    Muon   Polar Express");
for (const condition of [1, 10, 1e3, 1e5]) {
  // Singular values that fall evenly, on a logarithmic scale, from 1 to 1 / condition.
  const moment = zeros(r, n);
  for (let i = 0; i < r; i++) {
    const value = condition ** (-i / (r - 1));
    for (let j = 0; j < n; j++) moment.set(i, j, value * directions.get(j, i));
  }
  const smallest = [
    polar(moment).u,
    newtonSchulz(moment, { coefficients: "muon" }),
    newtonSchulz(moment, { coefficients: "polar-express" }),
  ].map((factor) => svdvals(factor)[r - 1].toFixed(4));
  console.log(`1e${Math.log10(condition)}        ${smallest.join("   ")}`);
}
