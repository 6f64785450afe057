const OURS = "@sumo/linalg wasm";
const NATIVE = "@sumo/linalg native";
const LAPACK = "OpenBLAS";
const STEPS = "Newton-Schulz, wasm";
const THREADED = "@sumo/linalg wasm, 2 threads";
const PACKAGES = ["webR", "svd-js", "ml-matrix", "numpy-ts", "jax-js"];

/** What is aimed at in each factorization: our time as a share of another contestant's, at most `limit`. */
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
const ofNative = { ours: NATIVE, others: [LAPACK], limit: 1.1 };

function share(other, limit) {
  return { ours: OURS, others: [other], limit };
}

function packages(limit) {
  return { ours: OURS, others: PACKAGES, limit };
}

/** Each target of a factorization's result, with the share reached by medians and by the least times, and whether it is met. */
export function verdicts({ routine, dtype, name, m, n, contestants }) {
  const timed = contestants.filter(({ right, ms, name }) => ms !== undefined && (right || name === STEPS));
  return [...rules[routine], ofNative].flatMap(({ ours, others, limit, when }) => {
    if (when !== undefined && !when({ m, n })) return [];
    const our = timed.find((contestant) => contestant.name === ours);
    const rivals = timed.filter((contestant) => others.includes(contestant.name));
    if (our === undefined || rivals.length === 0) return [];
    const other = rivals.reduce((best, rival) => (rival.ms.median < best.ms.median ? rival : best));
    return [compared({ name, dtype }, our, other, limit)];
  });
}

/**
 * The same for a product: on one thread 90 % of the multiply-add peak for squares and 70 % for thin operands (the true bound of these is
 * lower where memory is slower than arithmetic), two threads 1.8 times as fast at 512, and the native engine as quick as NumPy.
 */
export function productVerdicts({ dtype, name, m, n, k, flops, peak, contestants }) {
  const square = m === n && n === k;
  const peakMs = flops / peak / 1e6;
  const all = [...contestants, { name: "multiply-add peak", ms: { median: peakMs, least: peakMs } }];
  const targets = [{ ours: OURS, other: "multiply-add peak", limit: 1 / (square ? 0.9 : 0.7) }];
  if (square && n === 512) targets.push({ ours: THREADED, other: OURS, limit: 1 / 1.8 });
  targets.push({ ours: NATIVE, other: LAPACK, limit: ofNative.limit });
  return targets.flatMap(({ ours, other, limit }) => {
    const [our, rival] = [ours, other].map((wanted) => all.find((contestant) => contestant.name === wanted));
    if (our === undefined || rival === undefined) return [];
    return [compared({ name, dtype }, our, rival, limit)];
  });
}

function compared({ name, dtype }, our, other, limit) {
  const reached = { median: our.ms.median / other.ms.median, least: our.ms.least / other.ms.least };
  return { name, dtype, ours: our.name, other: other.name, limit, ...reached, met: reached.median <= limit };
}
