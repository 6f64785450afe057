import { fillNormal } from "@sumo/linalg";

const both = ["float32", "float64"];
const large = [512, 1024];

/** Factorizations to time. */
export const factorizations = [
  ...[32, 64, 128, 256].map((r) => task("polar", "float32", r, 1024)),
  ...[32, 64, 128].map((r) => task("polar", "float32", r, 4 * r)),
  task("polar", "float32", 16, 4096),
  ...both.flatMap((dtype) => [64, 256].map((n) => task("svd", dtype, n, n))),
  task("svd", "float32", 128, 1024),
  ...large.map((n) => task("svd", "float64", n, n)),
  ...large.map((n) => task("svdvals", "float64", n, n)),
  ...both.flatMap((dtype) => [64, 128, 256].map((n) => task("eigh", dtype, n, n))),
  ...large.map((n) => task("eigh", "float64", n, n)),
  ...[128, 512].map((n) => task("eig", "float64", n, n)),
  ...["solve", "det", "inv", "cholesky"].flatMap((routine) => large.map((n) => task(routine, "float64", n, n))),
  task("lstsq", "float64", 2048, 128),
  task("lstsq", "float64", 4096, 256),
  ...both.flatMap((dtype) => [task("qr", dtype, 1024, 16), task("qr", dtype, 4096, 128)]),
  ...[1024, 4096].flatMap((m) => [16, 128].map((rank) => task("randomizedSvd", "float32", m, 1024, rank))),
];

function task(routine, dtype, m, n, rank) {
  const name = `${routine} ${m} × ${n}${rank === undefined ? "" : `, rank ${rank}`}`;
  return { routine, dtype, name, m, n, ...(rank === undefined ? {} : { rank }) };
}

/**
 * Creates a task's operands, row-major: a matrix of independent normal numbers, for `eigh` symmetric, from its upper triangle, for
 * `cholesky` moreover with a diagonal that makes it definite, for `det` divided by √n, so that the determinant stays in the range; and
 * for systems a right-hand side.
 */
export function operandsOf({ routine, dtype, m, n }) {
  const normal = (rows, cols, stream) => {
    const data = new (dtype === "float32" ? Float32Array : Float64Array)(rows * cols);
    fillNormal(data, [m, n, stream]);
    return { rows, cols, data };
  };
  const a = normal(m, n, 0);
  if (routine === "eigh" || routine === "cholesky") {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) a.data[i * n + j] = a.data[j * n + i];
      if (routine === "cholesky") a.data[i * n + i] += 4 * Math.sqrt(n);
    }
  }
  if (routine === "det") for (let i = 0; i < n * n; i++) a.data[i] /= Math.sqrt(n);
  return routine === "solve" || routine === "lstsq" ? [a, normal(m, 1, 1)] : [a];
}
