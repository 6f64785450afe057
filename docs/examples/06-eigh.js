// # Eigenvalues of a symmetric matrix
//
// A string of n beads vibrates in modes that are the eigenvectors of the second-difference matrix. Its eigenvalues are
// known, 2 - 2 cos(π k / (n + 1)), so we can see how exact the computed ones are.

import { eigh, matmul, matrix, norm } from "@sumo/linalg";

const n = 100;
const bead = (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0);
const differences = Float64Array.from({ length: n * n }, (_, k) => bead(Math.floor(k / n), k % n));
const a = matrix(n, n, differences);

const { values, vectors } = eigh(a); // ascending
for (const k of [1, 2, n]) {
  const known = 2 - 2 * Math.cos((Math.PI * k) / (n + 1));
  console.log(`mode ${k}: ${values[k - 1].toFixed(12)}, error below 1e-14: ${Math.abs(values[k - 1] - known) < 1e-14}`);
}

// The slowest mode is half a sine wave, and has no node; mode 2 has one.
const nodes = (mode) => {
  const column = Array.from({ length: n }, (_, i) => vectors.get(i, mode - 1));
  return column.filter((value, i) => i > 0 && value * column[i - 1] < 0).length;
};
console.log("nodes of modes 1, 2, 3:", nodes(1), nodes(2), nodes(3));

const product = matmul(a, vectors);
const error = product.data.map((value, i) => value - vectors.data[i] * values[i % n]);
console.log("a v = v λ:", norm(matrix(n, n, error)) < 1e-13 * norm(a));
