// # A large matrix of small rank
//
// A full decomposition costs m n², however few directions matter. The randomized one (Halko, Martinsson and Tropp 2011)
// multiplies the matrix by a few random vectors and decomposes what comes out. Its random numbers are named by a key:
// the same bits everywhere.

import { fillNormal, matmul, norm, randomizedSvd, svdvals, zeros } from "@sumo/linalg";

const [m, n, rank] = [400, 300, 10];
const left = zeros(m, rank);
const right = zeros(rank, n);
const noise = zeros(m, n);
fillNormal(left.data, [1, 0, 0]);
fillNormal(right.data, [2, 0, 0]);
fillNormal(noise.data, [3, 0, 0]);
const a = matmul(left, right);
a.data.set(a.data.map((value, i) => value + 0.05 * noise.data[i]));

const exact = svdvals(a);
const { u, s } = randomizedSvd(a, rank, { key: [42, 0, 0] });
const error = Math.max(...Array.from(s, (value, i) => Math.abs(value - exact[i]) / exact[i]));
console.log("largest relative error of", rank, "values is below 1e-3:", error < 1e-3);

// What the basis captures of the matrix: SUMO finds the subspace of a gradient like this.
const captured = (norm(matmul(u, a, { transposeA: true })) / norm(a)) ** 2;
console.log("energy captured:", captured.toFixed(4));

const again = randomizedSvd(a, rank, { key: [42, 0, 0] });
const same = again.s.every((value, i) => value === s[i]);
console.log("the same bits again:", same);
