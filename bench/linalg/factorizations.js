import { fillNormal } from "@sumo/linalg";

const both = ["float32", "float64"];

/** Factorizations to time. */
export const factorizations = [
  ...[32, 64, 128, 256].map((r) => task("polar", "float32", r, 1024)),
  ...[32, 64, 128].map((r) => task("polar", "float32", r, 4 * r)),
  task("polar", "float32", 16, 4096),
  ...both.flatMap((dtype) => [64, 256].map((n) => task("svd", dtype, n, n))),
  task("svd", "float32", 128, 1024),
  ...both.flatMap((dtype) => [64, 128, 256].map((n) => task("eigh", dtype, n, n))),
  ...both.flatMap((dtype) => [task("qr", dtype, 1024, 16), task("qr", dtype, 4096, 128)]),
  ...[1024, 4096].flatMap((m) => [16, 128].map((rank) => task("randomizedSvd", "float32", m, 1024, rank))),
];

function task(routine, dtype, m, n, rank) {
  const name = `${routine} ${m} × ${n}${rank === undefined ? "" : `, rank ${rank}`}`;
  return { routine, dtype, name, m, n, ...(rank === undefined ? {} : { rank }) };
}

/** Creates a row-major matrix of independent normal numbers; for `eigh` a symmetric one, from its upper triangle. */
export function operand({ routine, dtype, m, n }) {
  const data = new (dtype === "float32" ? Float32Array : Float64Array)(m * n);
  fillNormal(data, [m, n, 0]);
  if (routine === "eigh") {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) data[i * n + j] = data[j * n + i];
    }
  }
  return { rows: m, cols: n, data };
}
