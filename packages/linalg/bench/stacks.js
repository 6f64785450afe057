/**
 * Times routines over 10,000 small matrices beside NumPy (Debian: python3-numpy), on one thread.
 *
 * Usage, after `pnpm run build`: node bench/stacks.js
 * Prints milliseconds, the quickest of repeats, and their ratio.
 */
import { execFileSync } from "node:child_process";
import { fillNormal } from "@sumo/linalg";
import { cholesky, det, eigh, inv, matmul, qr, Stack, solve, svd } from "@sumo/linalg/stacks";
import { least, machine } from "./machine.js";

const COUNT = 10_000;
const NUMPY = `
import json, sys, time
import numpy as np
rng = np.random.default_rng(0)
a, b = rng.standard_normal((2, ${COUNT}, 3, 3))
f = rng.standard_normal((${COUNT}, 4, 4))
s = a @ a.swapaxes(-1, -2)
def least(body):
    best, end = float("inf"), time.perf_counter() + 0.4
    while time.perf_counter() < end:
        start = time.perf_counter()
        body()
        best = min(best, time.perf_counter() - start)
    return 1000 * best
print(json.dumps({
    "matmul, 3 x 3": least(lambda: a @ b),
    "solve, 3 x 3": least(lambda: np.linalg.solve(a, b[..., :1])),
    "det, 3 x 3": least(lambda: np.linalg.det(a)),
    "inv, 4 x 4": least(lambda: np.linalg.inv(f)),
    "cholesky, 3 x 3": least(lambda: np.linalg.cholesky(s)),
    "qr, 3 x 3": least(lambda: np.linalg.qr(a)),
    "eigh, 3 x 3": least(lambda: np.linalg.eigh(s)),
    "svd, 3 x 3": least(lambda: np.linalg.svd(a)),
}))`;

const normal = (n, cols, key) => {
  const data = new Float64Array(COUNT * n * cols);
  fillNormal(data, [n, cols, key]);
  return new Stack(data, [COUNT, n, cols]);
};
const [a, b, c, f] = [normal(3, 3, 0), normal(3, 3, 1), normal(3, 1, 2), normal(4, 4, 3)];
const definite = matmul(a, a.mT);
const ours = {
  "matmul, 3 x 3": () => matmul(a, b),
  "solve, 3 x 3": () => solve(a, c),
  "det, 3 x 3": () => det(a),
  "inv, 4 x 4": () => inv(f),
  "cholesky, 3 x 3": () => cholesky(definite),
  "qr, 3 x 3": () => qr(a),
  "eigh, 3 x 3": () => eigh(definite),
  "svd, 3 x 3": () => svd(a),
};

const env = { ...process.env, OPENBLAS_NUM_THREADS: "1" };
const numpy = JSON.parse(execFileSync("/usr/bin/python3", ["-c", NUMPY], { env }));
console.log(`${COUNT} matrices; ${machine()}; ms, NumPy's ms, ratio`);
for (const [name, body] of Object.entries(ours)) {
  const ms = least(body, 400);
  console.log(
    `${name.padEnd(16)} ${ms.toFixed(2).padStart(8)} ${numpy[name].toFixed(2).padStart(8)} ${(ms / numpy[name]).toFixed(1).padStart(6)}`,
  );
}
