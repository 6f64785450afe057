import type { Real } from "../../matrix/real.ts";
import type { Clause, LibraryKernels } from "./clause.ts";
import { Operand } from "./operand.ts";

type Storage = new (length: number) => Real;
type Place = readonly [offset: number, gap: number];

interface Product {
  readonly storage: Storage;
  readonly sizes: readonly [m: number, n: number, k: number];
  readonly transA: boolean;
  readonly transB: boolean;
}

interface Operands {
  readonly a: Operand;
  readonly b: Operand;
  readonly c: Operand;
}

/** Single elements, and edges of the tiles of libraries. */
const SMALL = [
  [1, 1, 150],
  [5, 7, 3],
  [17, 33, 20],
] as const;
/** A side past the blocks of libraries, and a product past the bound of their kernels for small ones (100³ in OpenBLAS). */
const LARGE = [
  [2, 3, 800],
  [800, 3, 4],
  [3, 800, 4],
  [110, 100, 95],
] as const;
/** The factors of C ← alpha A B + beta C, in turn. */
const FACTORS = [
  [1, 0],
  [-1, 1],
  [0.3, 1.75],
  [1, -0.3],
] as const;
/** Elements of a result that are compared, about. */
const SAMPLES = 40;
const NAN = Number.NaN;

/** The statements of the contracts of `Engine.gemm` and `Engine.gram` about the work of a library. */
export const productClauses: readonly Clause[] = [
  {
    text: "gemm is accurate and writes nothing else",
    holds: (kernels) => Array.from(products()).every((product, i) => isAccurate(kernels, product, i)),
  },
  {
    text: "gemm carries NaN and infinities to their rows and columns only",
    holds: (kernels) => everyWay([5, 6, 7]).every((product) => carriesNaN(kernels, product)),
  },
  {
    text: "gemm gives the same bits wherever operands lie",
    holds: (kernels) => everyWay([9, 11, 30]).every((product) => ignoresPlace(kernels, product)),
  },
  {
    text: "gram is accurate, symmetric to the bit, and writes nothing else",
    holds: ({ gram }) =>
      [false, true].every((trans) => gramIsAccurate(gram, trans, 5, 150) && gramIsAccurate(gram, trans, 40, 9)),
  },
  {
    text: "gram carries NaN to its row and column only",
    holds: ({ gram }) => gramCarriesNaN(gram, 11, 7),
  },
];

const storages: readonly Storage[] = [Float32Array, Float64Array];
const flags: readonly Pick<Product, "transA" | "transB">[] = [
  { transA: false, transB: false },
  { transA: true, transB: false },
  { transA: false, transB: true },
  { transA: true, transB: true },
];

/** Products of these sizes in both dtypes, with both operands transposed and not. */
const everyWay = (sizes: Product["sizes"]): Product[] =>
  storages.flatMap((storage) => flags.map((transposed) => ({ storage, sizes, ...transposed })));

/** All ways of small sizes; one of large ones, another each time, in both dtypes. */
function* products(): Generator<Product> {
  for (const sizes of SMALL) yield* everyWay(sizes);
  for (const [i, sizes] of LARGE.entries()) for (const storage of storages) yield { storage, sizes, ...flags[i]! };
}

function operands({ storage, sizes: [m, n, k], transA, transB }: Product, [offset, gap]: Place): Operands {
  return {
    a: transA ? new Operand(storage, k, m, offset, gap) : new Operand(storage, m, k, offset, gap),
    b: transB ? new Operand(storage, n, k, offset, gap) : new Operand(storage, k, n, offset, gap),
    c: new Operand(storage, m, n, offset, gap),
  };
}

function multiply(
  { gemm }: LibraryKernels,
  { sizes: [m, n, k], transA, transB }: Product,
  { a, b, c }: Operands,
  alpha: number,
  beta: number,
): void {
  gemm(transA, transB, m, n, k, alpha, a.data, a.offset, a.ld, b.data, b.offset, b.ld, beta, c.data, c.offset, c.ld);
}

/** |error| ≤ 2 (k + 4) u (|alpha| |A| |B| + |beta C|) for the sampled elements. */
function isAccurate(kernels: LibraryKernels, product: Product, index: number): boolean {
  const made = operands(product, [index % 4, index % 3]);
  const [alpha, beta] = FACTORS[index % FACTORS.length]!;
  multiply(kernels, product, made, alpha, beta);
  const { a, b, c } = made;
  if (!a.isUntouched || !b.isUntouched || !c.hasGuards) return false;
  const { sizes, transA, transB, storage } = product;
  const [m, n, k] = sizes;
  const tolerance = 2 * (k + 4) * roundoff(storage);
  return everySample(m, n, (i, j) => {
    let [sum, size] = [0, 0];
    for (let p = 0; p < k; p++) {
      const term = (transA ? a.get(p, i) : a.get(i, p)) * (transB ? b.get(j, p) : b.get(p, j));
      sum += term;
      size += Math.abs(term);
    }
    const kept = beta * c.initial(i, j);
    return Math.abs(c.get(i, j) - (alpha * sum + kept)) <= tolerance * (Math.abs(alpha) * size + Math.abs(kept));
  });
}

const roundoff = (storage: Storage): number => (storage === Float32Array ? 2 ** -24 : 2 ** -53);

function carriesNaN(kernels: LibraryKernels, product: Product): boolean {
  const made = operands(product, [0, 1]);
  const { a, b, c } = made;
  const { sizes, transA, transB } = product;
  const [m, n, k] = sizes;
  const [row, column] = [m - 2, n - 1];
  if (transA) a.set(k - 1, row, NAN);
  else a.set(row, k - 1, NAN);
  if (transB) b.set(column, 0, Infinity);
  else b.set(0, column, Infinity);
  multiply(kernels, product, made, 1, 0);
  return everySample(m, n, (i, j) => {
    const value = c.get(i, j);
    return i === row ? Number.isNaN(value) : Number.isFinite(value) === (j !== column);
  });
}

function ignoresPlace(kernels: LibraryKernels, product: Product): boolean {
  const [here, there] = [operands(product, [0, 0]), operands(product, [1, 3])];
  for (const made of [here, there]) multiply(kernels, product, made, 1.75, 0.3);
  const [m, n] = product.sizes;
  return everySample(m, n, (i, j) => Object.is(here.c.get(i, j), there.c.get(i, j)));
}

function gramIsAccurate(gram: LibraryKernels["gram"], trans: boolean, n: number, k: number): boolean {
  const a = trans ? new Operand(Float64Array, k, n, 1, 2) : new Operand(Float64Array, n, k, 1, 2);
  const c = new Operand(Float64Array, n, n, 3, 1);
  gram(trans, n, k, a.data, a.offset, a.ld, c.data, c.offset, c.ld);
  if (!a.isUntouched || !c.hasGuards) return false;
  const tolerance = 2 * (k + 4) * roundoff(Float64Array);
  return everySample(n, n, (i, j) => {
    let [sum, size] = [0, 0];
    for (let p = 0; p < k; p++) {
      const term = trans ? a.get(p, i) * a.get(p, j) : a.get(i, p) * a.get(j, p);
      sum += term;
      size += Math.abs(term);
    }
    return Math.abs(c.get(i, j) - sum) <= tolerance * size && c.get(i, j) === c.get(j, i);
  });
}

function gramCarriesNaN(gram: LibraryKernels["gram"], n: number, k: number): boolean {
  const [a, c] = [new Operand(Float64Array, n, k, 0, 1), new Operand(Float64Array, n, n, 0, 1)];
  const bad = n - 3;
  a.set(bad, k - 1, NAN);
  gram(false, n, k, a.data, a.offset, a.ld, c.data, c.offset, c.ld);
  return everySample(n, n, (i, j) => Number.isNaN(c.get(i, j)) === (i === bad || j === bad));
}

/** Whether `holds` for all elements of a small m × n matrix, or for a sample that covers all rows and columns. */
function everySample(m: number, n: number, holds: (i: number, j: number) => boolean): boolean {
  const step = 2 * Math.floor((m * n) / (2 * SAMPLES)) + 1;
  for (let at = m * n - 1; at >= 0; at -= step) if (!holds(Math.floor(at / n), at % n)) return false;
  return true;
}
