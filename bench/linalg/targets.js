const OURS = "@sumo/linalg wasm";
const NATIVE = "@sumo/linalg native";
const LAPACK = "OpenBLAS";
const NUMPY = "NumPy";
const STEPS = "Newton-Schulz, wasm";
const THREADED = "@sumo/linalg wasm, 2 threads";
const PACKAGES = ["webR", "svd-js", "ml-matrix", "numpy-ts", "jax-js"];

/** Reasons for missed targets, printed below the tables. */
const reasons = {
  eigenproblem:
    "Where r is small and n only a few times r, products are cheap, and the eigenproblem of the Gram matrix, whose recurrences wait for square roots and divisions, takes more than half of the time of `polar`.",
  doublePrecision:
    "Float32 input is factored in float64 by every engine, so that results are exact to their last bit (compare the residuals); OpenBLAS computes in float32 here, with vectors of twice as many numbers.",
  checks:
    "The native engine looks for NaN and infinities and scales its input; NumPy hands its input to LAPACK unchecked.",
  sketch:
    "A randomized SVD of small rank is products with few columns, for which a packed operand is used only once; OpenBLAS has twice the WebAssembly peak in plain multiply-adds.",
  jacobi:
    "One-sided Jacobi rotates in several sweeps what a bidiagonal method reduces once; it keeps the digits of small values, which LAPACK's gesdd does not.",
  tridiagonal:
    "Half of the work of a tridiagonal reduction is products of the whole matrix with one vector, which wait for memory and stay on one thread.",
  sweeps:
    "Francis' steps chase bulges of two rows through the matrix, one after another; LAPACK chases many at once and deflates early.",
  equilibration:
    "Rows and columns are brought to equal scale and looked through for NaN first, in JavaScript; the other package's WebAssembly solves what it gets.",
  pivots:
    "Columns are eliminated one by one before the products, on one thread, in JavaScript; beside products of this size they take a larger share than in LAPACK.",
  loads:
    "A tile of 2 × 4 vectors, the largest that all V8 versions keep in registers, takes six loads for sixteen arithmetic instructions; on this core they hold its loop to about 94 % of the peak, and with five it would reach all of it (`node packages/linalg/bench/products.js tile`). Packing and C take the rest, more so in float64, whose operands have twice the bytes.",
  spread: "Met by the least times, missed by the medians: at this size a moment's business of the machine decides.",
  memory:
    "A large operand is used for few rows or columns: it is read from the third-level cache or memory, whose speed no share of the arithmetic peak accounts for (`node packages/linalg/bench/products.js skinny` compares with the smaller of both bounds, on warm caches).",
};

/** Targets of each factorization: our time as a share of another contestant's, at most `limit`. */
const isLarge = ({ n }) => n >= 512;
const isSmall = (sizes) => !isLarge(sizes);
const rules = {
  polar: [share(STEPS, 0.6, "eigenproblem"), share(LAPACK, 1, "eigenproblem")],
  svd: [
    { ...share(LAPACK, 3, "doublePrecision"), when: isSmall },
    packages(1 / 1.5),
    { ...share(NUMPY, 2, "jacobi"), when: isLarge },
  ],
  eigh: [
    { ...share(LAPACK, 3, "doublePrecision"), when: isSmall },
    packages(1 / 1.5),
    { ...share(NUMPY, 1.5, "tridiagonal"), when: isLarge },
    { ...threads("tridiagonal"), when: isLarge },
  ],
  svdvals: [share(NUMPY, 2.5, "jacobi"), packages(1 / 1.5)],
  eig: [share(NUMPY, 3, "sweeps")],
  // The products of this size take 2.8 times NumPy's time.
  ...Object.fromEntries(
    ["solve", "det", "inv", "cholesky"].map((name) => [
      name,
      [share(NUMPY, 1.15 * 2.8, "pivots"), threads("pivots"), packages(1 / 1.5, "equilibration")],
    ]),
  ),
  lstsq: [share(NUMPY, 1.5, "loads"), packages(1 / 1.5)],
  qr: [
    { ...share(LAPACK, 4, "doublePrecision"), when: ({ n }) => n === 16 },
    { ...share(LAPACK, 1, "doublePrecision"), when: ({ n }) => n === 128 },
  ],
  randomizedSvd: [share(LAPACK, 2, "sketch")],
};
const ofNative = { ours: NATIVE, others: [NUMPY], limit: 1.1, reason: "checks" };

function share(other, limit, reason) {
  return { ours: OURS, others: [other], limit, reason };
}

/** Two threads against one. */
function threads(reason) {
  return { ours: THREADED, others: [OURS], limit: 1 / 1.6, reason };
}

function packages(limit, reason) {
  return { ours: OURS, others: PACKAGES, limit, reason };
}

/** Evaluates a factorization's targets: the share reached by medians and by least times, and whether it meets the limit. */
export function verdicts({ routine, dtype, name, m, n, contestants }) {
  const timed = contestants.filter(({ right, ms, name }) => ms !== undefined && (right || name === STEPS));
  return [...rules[routine], ofNative].flatMap(({ ours, others, limit, reason, when }) => {
    if (when !== undefined && !when({ m, n })) return [];
    const our = timed.find((contestant) => contestant.name === ours);
    const rivals = timed.filter((contestant) => others.includes(contestant.name));
    if (our === undefined || rivals.length === 0) return [];
    const other = rivals.reduce((best, rival) => (rival.ms.median < best.ms.median ? rival : best));
    return [compared({ name, dtype }, our, other, limit, reason)];
  });
}

/**
 * Evaluates a product's targets: on one thread 90 % of the multiply-add peak for squares and 70 % for thin operands (the true bound of these is
 * lower where memory is slower than arithmetic), two threads 1.8 times as fast at 512, and the native engine as fast as NumPy.
 */
export function productVerdicts({ dtype, name, m, n, k, flops, peak, contestants }) {
  const square = m === n && n === k;
  const peakMs = flops / peak / 1e6;
  const all = [...contestants, { name: "multiply-add peak", ms: { median: peakMs, least: peakMs } }];
  const [limit, reason] = square ? [1 / 0.9, "loads"] : [1 / 0.7, "memory"];
  const targets = [{ ours: OURS, other: "multiply-add peak", limit, reason }];
  if (square && n === 512) targets.push({ ours: THREADED, other: OURS, limit: 1 / 1.8, reason: "memory" });
  targets.push({ ours: NATIVE, other: LAPACK, limit: ofNative.limit, reason: "memory" });
  return targets.flatMap(({ ours, other, limit, reason }) => {
    const [our, rival] = [ours, other].map((wanted) => all.find((contestant) => contestant.name === wanted));
    if (our === undefined || rival === undefined) return [];
    return [compared({ name, dtype }, our, rival, limit, reason)];
  });
}

function compared({ name, dtype }, our, other, limit, reason) {
  const reached = { median: our.ms.median / other.ms.median, least: our.ms.least / other.ms.least };
  const met = reached.median <= limit;
  const verdict = { name, dtype, ours: our.name, other: other.name, limit, ...reached, met };
  const why = reached.least <= limit ? "spread" : reason;
  return met ? verdict : { ...verdict, reason: reasons[why] ?? "Not explained." };
}
