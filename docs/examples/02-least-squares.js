// # Least squares with QR
//
// A parabola through noisy points. With a = q r the best coefficients solve the triangular system r x = qᵀ y; `lstsq`
// does both steps at once. The normal equations aᵀ a x = aᵀ y would square the condition number of a.

import { cond, gram, lstsq, matmul, matrix, norm, qr, solveTriangular } from "@sumo/linalg";

const points = 50;
const t = Float64Array.from({ length: points }, (_, i) => i / (points - 1));
const powers = Float64Array.from({ length: points * 3 }, (_, k) => t[Math.floor(k / 3)] ** (k % 3));
const a = matrix(points, 3, powers); // columns 1, t, t²
const noisy = t.map((x, i) => 1 - 2 * x + 3 * x ** 2 + 0.01 * Math.sin(i * i));
const y = matrix(points, 1, noisy);

const { q, r } = qr(a);
const byHand = solveTriangular(r, matmul(q, y, { transposeA: true }));
console.log("by hand:", Array.from(byHand.data, (c) => c.toFixed(3)).join(" "));

const { x } = lstsq(a, y);
console.log("lstsq:  ", Array.from(x.data, (c) => c.toFixed(3)).join(" "));

// At the best x the residual is orthogonal to every column of a.
const fitted = matmul(a, x);
const left = noisy.map((value, i) => value - fitted.data[i]);
const residual = matrix(points, 1, left);
console.log("residual:", norm(residual).toFixed(3));
console.log("orthogonal to a:", norm(matmul(a, residual, { transposeA: true })) < 1e-13);
console.log("condition of a:", cond(a).toFixed(1), "and of aᵀ a:", cond(gram(a.T)).toFixed(0));
