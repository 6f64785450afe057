const OURS = "@sumo/linalg wasm";
const NATIVE = "@sumo/linalg native";
const LAPACK = "OpenBLAS";
const STEPS = "Newton-Schulz, wasm";
const PACKAGES = ["webR", "svd-js", "ml-matrix", "numpy-ts", "jax-js"];

/** What is aimed at in each task: our time as a share of another contestant's, at most `limit`. */
const rules = {
  polar: [share(STEPS, 0.6), share(LAPACK, 1)],
  svd: [share(LAPACK, 3), packages(1 / 1.5)],
  eigh: [share(LAPACK, 3), packages(1 / 1.5)],
  qr: [
    { ...share(LAPACK, 4), when: ({ n }) => n === 16 },
    { ...share(LAPACK, 1), when: ({ n }) => n === 128 },
  ],
  randomizedSvd: [share(LAPACK, 2)],
};
const always = { ours: NATIVE, others: [LAPACK], limit: 1.1 };

function share(other, limit) {
  return { ours: OURS, others: [other], limit };
}

function packages(limit) {
  return { ours: OURS, others: PACKAGES, limit };
}

/** Each target of a factorization's result, with the share reached by medians and by the least times, and whether it is met. */
export function verdicts({ routine, dtype, name, m, n, contestants }) {
  const timed = contestants.filter(({ right, ms, name }) => ms !== undefined && (right || name === STEPS));
  return [...rules[routine], always].flatMap(({ ours, others, limit, when }) => {
    if (when !== undefined && !when({ m, n })) return [];
    const our = timed.find((contestant) => contestant.name === ours);
    const rivals = timed.filter((contestant) => others.includes(contestant.name));
    if (our === undefined || rivals.length === 0) return [];
    const other = rivals.reduce((best, rival) => (rival.ms.median < best.ms.median ? rival : best));
    const reached = { median: our.ms.median / other.ms.median, least: our.ms.least / other.ms.least };
    return [{ name, dtype, ours, other: other.name, limit, ...reached, met: reached.median <= limit }];
  });
}
