import { type Dense, dense } from "./dense.ts";
import { TestRandom } from "./random.ts";

/** A matrix with a name for test reports. */
export interface NamedMatrix {
  readonly name: string;
  readonly matrix: Dense;
}

/** LAPACK's ulp: the distance from 1 to the next number. */
export const ULP = { float32: 2 ** -23, float64: 2 ** -52 } as const;

/** Norms near the limits at which LAPACK's drivers scale. */
const EXTREMES = { float32: [2 ** -120, 2 ** 120], float64: [2 ** -1000, 2 ** 1000] } as const;

/** The sizes of LAPACK's test input files (svd.in, sep.in), tall, wide and square. */
export const LAPACK_SIZES: readonly (readonly [m: number, n: number])[] = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
  [2, 2],
  [3, 1],
  [1, 3],
  [3, 3],
  [5, 3],
  [2, 5],
  [10, 5],
  [5, 16],
  [16, 16],
  [17, 10],
  [10, 17],
  [50, 17],
  [17, 50],
  [50, 50],
];

/** Distributions of the singular values d₀ ≥ d₁ ≥ … down to `least` in LAPACK's generator (dlatms, MODE 1 to 5 and random). */
const LAWS: Record<string, (i: number, k: number, least: number, random: TestRandom) => number> = {
  "evenly spaced": (i, k, least) => (k === 1 ? 1 : 1 - (i / (k - 1)) * (1 - least)),
  geometric: (i, k, least) => (k === 1 ? 1 : least ** (i / (k - 1))),
  "clustered at ulp": (i, _k, least) => (i === 0 ? 1 : least),
  "clustered at 1": (i, k, least) => (i < k - 1 ? 1 : least),
  "log-uniform": (_i, _k, least, random) => least ** random.uniform(),
};

/** LAPACK's families for singular value and QR tests (ddrvbd, dchkqr): m × n, for a dtype with unit roundoff `ulp`. */
export function lapackMatrices(m: number, n: number, type: "float32" | "float64", seed: number): NamedMatrix[] {
  const random = new TestRandom(seed);
  const k = Math.min(m, n);
  const ulp = ULP[type];
  const spread = Object.entries(LAWS).map(([name, law]) => ({
    name: `singular values ${name}`,
    matrix: withSingularValues(
      m,
      n,
      Array.from({ length: k }, (_, i) => law(i, k, ulp, random)),
      random,
    ),
  }));
  const base = withSingularValues(
    m,
    n,
    Array.from({ length: k }, (_, i) => LAWS["evenly spaced"]!(i, k, 1 / 100, random)),
    random,
  );
  return [
    { name: "zero", matrix: dense(m, n) },
    { name: "identity", matrix: dense(m, n, (i, j) => (i === j ? 1 : 0)) },
    { name: "ones", matrix: dense(m, n, () => 1) },
    {
      name: "diagonal, geometric",
      matrix: dense(m, n, (i, j) => (i === j ? LAWS["geometric"]!(i, k, ulp, random) : 0)),
    },
    ...spread,
    { name: "random", matrix: dense(m, n, () => random.normal()) },
    { name: "rank one", matrix: rankOne(m, n, random) },
    ...EXTREMES[type].map((factor) => ({ name: `scaled by ${factor}`, matrix: scaled(base, factor) })),
  ];
}

/** LAPACK's families for symmetric eigenproblems (ddrvst), n × n, with eigenvalues of both signs. */
export function lapackSymmetricMatrices(n: number, type: "float32" | "float64", seed: number): NamedMatrix[] {
  const random = new TestRandom(seed);
  const ulp = ULP[type];
  const signed = (law: (i: number) => number): Dense =>
    withEigenvalues(
      Array.from({ length: n }, (_, i) => (random.uniform() < 0.5 ? -law(i) : law(i))),
      random,
    );
  const base = signed((i) => 1 - i / (2 * n));
  return [
    { name: "zero", matrix: dense(n, n) },
    { name: "identity", matrix: dense(n, n, (i, j) => (i === j ? 1 : 0)) },
    { name: "ones", matrix: dense(n, n, () => 1) },
    ...Object.entries(LAWS).map(([name, law]) => ({
      name: `eigenvalues ${name}`,
      matrix: signed((i) => law(i, n, ulp, random)),
    })),
    { name: "random", matrix: symmetric(dense(n, n, () => random.normal())) },
    ...EXTREMES[type].map((factor) => ({ name: `scaled by ${factor}`, matrix: scaled(base, factor) })),
  ];
}

/** Creates U diag(s) Vᵀ with U and V products of random reflectors. */
export function withSingularValues(m: number, n: number, s: readonly number[], random: TestRandom): Dense {
  const a = dense(m, n, (i, j) => (i === j ? s[i]! : 0));
  reflectRandomly(a, "rows", random);
  reflectRandomly(a, "columns", random);
  return a;
}

/** Creates Q diag(values) Qᵀ with Q a product of random reflectors. */
export function withEigenvalues(values: readonly number[], random: TestRandom): Dense {
  const n = values.length;
  const a = dense(n, n, (i, j) => (i === j ? values[i]! : 0));
  const vectors = randomVectors(n, random);
  for (const v of vectors) {
    reflect(a, "rows", v);
    reflect(a, "columns", v);
  }
  return symmetric(a);
}

const symmetric = (a: Dense): Dense =>
  dense(a.shape[0], a.shape[0], (i, j) => a.data[Math.max(i, j) * a.shape[0] + Math.min(i, j)]!);

const scaled = (a: Dense, factor: number): Dense => ({ ...a, data: a.data.map((x) => factor * x) });

function rankOne(m: number, n: number, random: TestRandom): Dense {
  const u = Array.from({ length: m }, () => random.normal());
  const v = Array.from({ length: n }, () => random.normal());
  return dense(m, n, (i, j) => u[i]! * v[j]!);
}

/** Vectors of three random reflectors, whose product is dense. */
const randomVectors = (n: number, random: TestRandom): Float64Array[] =>
  Array.from({ length: 3 }, () => Float64Array.from({ length: n }, () => random.normal()));

function reflectRandomly(a: Dense, side: "rows" | "columns", random: TestRandom): void {
  for (const v of randomVectors(a.shape[side === "rows" ? 0 : 1], random)) reflect(a, side, v);
}

/** a ← (I − 2 v vᵀ / vᵀv) a, or a times it from the right. */
function reflect({ data, shape: [m, n] }: Dense, side: "rows" | "columns", v: Float64Array): void {
  const length = v.reduce((sum, x) => sum + x * x, 0);
  if (length === 0) return;
  const [lines, lineStep, step] = side === "rows" ? [n, 1, n] : [m, n, 1];
  for (let line = 0; line < lines; line++) {
    let dot = 0;
    for (let i = 0; i < v.length; i++) dot += v[i]! * data[line * lineStep + i * step]!;
    const factor = (2 * dot) / length;
    for (let i = 0; i < v.length; i++) data[line * lineStep + i * step]! -= factor * v[i]!;
  }
}
