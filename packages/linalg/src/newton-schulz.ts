import { checkOutput, checkSameDtype, dtype, unpack } from "./border.ts";
import { currentEngine } from "./engine/current.ts";
import { OptionError } from "./errors.ts";
import { checkMatrix, type Dtype, type Matrix, type MatrixLike, type Real, transpose, zeros } from "./matrix.ts";
import { largest, packScaled, powerOfTwo, scaleBy } from "./scale.ts";
import { allOf, sizeOfFloat32, sizeOfFloat64, Workspace, type WorkspaceSize } from "./workspace.ts";

/** One step X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X. */
export type NewtonSchulzStep = readonly [a: number, b: number, c: number];
/** A known set of coefficients, or one's own, one triple a step. */
export type NewtonSchulzCoefficients = "muon" | "classical" | "polar-express" | "cans" | readonly NewtonSchulzStep[];

export interface NewtonSchulzOptions {
  /** Default `"polar-express"`. */
  readonly coefficients?: NewtonSchulzCoefficients;
  /** Default: 5 for `"muon"` and `"cans"`, 8 for `"polar-express"`, 16 for `"classical"`, one for each triple of one's own. The last triple repeats. */
  readonly steps?: number;
}

interface Schedule {
  readonly steps: number;
  readonly triples: readonly NewtonSchulzStep[];
  /** What the norm is multiplied with, so that rounding cannot push a singular value out of the interval. */
  readonly margin: number;
}

/** The quintic of Newton and Schulz that converges cubically; from the Padé family of Higham, Functions of Matrices (2008), §8.4. */
const CLASSICAL: NewtonSchulzStep = [1.875, -1.25, 0.375];
/** Jordan, Muon (2024): steep at zero, does not converge; values end between about 0.68 and 1.13. */
const MUON: NewtonSchulzStep = [3.4445, -4.775, 2.0315];
/** Grishina, Smirnov and Rakhuba, CANS (2025): Chebyshev-optimal odd quintics in turn. */
const CANS: readonly NewtonSchulzStep[] = [
  [8.4703, -25.1081, 18.6293],
  [4.1828, -3.1087, 0.5806],
  [3.9619, -2.9541, 0.563],
  [3.2866, -2.4647, 0.5074],
  [2.2737, -1.6447, 0.4162],
  CLASSICAL,
];
/** Amsel et al., The Polar Express (2025, arXiv 2505.16932): minimax-optimal for [1e-3, 1] with cushion 0.024. */
const POLAR_EXPRESS: readonly NewtonSchulzStep[] = [
  [8.28721201814563, -23.595886519098837, 17.300387312530933],
  [4.107059111542203, -2.9478499167379106, 0.5448431082926601],
  [3.9486908534822946, -2.908902115952949, 0.5518191394370137],
  [3.3184196573706015, -2.488488024314874, 0.51004894012372],
  [2.300652019954817, -1.6689039845747493, 0.4188073119525673],
  [1.891301407787398, -1.2679958271945868, 0.37680408948524835],
  [1.8750014808534479, -1.2500016453999487, 0.3750001645474248],
];
/** Their safety factor: every polynomial but the last is divided by it in its argument. */
const SAFETY = 1.01;

const NAMED = {
  muon: { steps: 5, triples: [MUON], margin: 1 },
  classical: { steps: 16, triples: [CLASSICAL], margin: 1 },
  cans: { steps: 5, triples: CANS, margin: 1 },
  "polar-express": {
    steps: 8,
    triples: [...POLAR_EXPRESS.map(([a, b, c]) => [a / SAFETY, b / SAFETY ** 3, c / SAFETY ** 5] as const), CLASSICAL],
    margin: SAFETY,
  },
} satisfies Record<string, Schedule>;

/**
 * An approximation of the orthogonal polar factor by odd polynomials of the matrix, in its own precision.
 *
 * For comparison with {@link polar}, which is exact and, on a CPU, no slower. The input is divided by its Frobenius norm first;
 * singular values far below it (1e-3 in Muon's five steps) stay small.
 *
 * @param a - m × n, any strides.
 * @returns a new m × n matrix of the dtype of `a`; zero for zero.
 * @throws {NonFiniteError} @throws {OptionError} if `steps` is not a whole number or there are no coefficients.
 * Cost: with r = min(m, n), N = max(m, n): 4 r² N + 2 r³ flops a step.
 *
 * @example
 * newtonSchulz(gradient, { coefficients: "muon" });
 */
export function newtonSchulz<D extends Real>(a: MatrixLike<D>, options: NewtonSchulzOptions = {}): Matrix<D> {
  checkMatrix("newtonSchulz", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const out = zeros(m, n, dtype(a)) as Matrix as Matrix<D>;
  const work = new Workspace(currentEngine(), newtonSchulzWorkspace(m, n, dtype(a)));
  try {
    return newtonSchulzInto(out, a, work, options);
  } finally {
    work.dispose();
  }
}

/**
 * out ← the approximate polar factor; see {@link newtonSchulz}.
 *
 * @param out - m × n of the dtype of `a`; may be `a`.
 * @param work - at least {@link newtonSchulzWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {OptionError} @throws {NonFiniteError} before anything is written.
 */
export function newtonSchulzInto<M extends MatrixLike>(
  out: M,
  a: MatrixLike,
  work: Workspace,
  options: NewtonSchulzOptions = {},
): M {
  checkMatrix("newtonSchulz", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkOutput("newtonSchulz", "out", out, m, n);
  checkSameDtype("newtonSchulz", out.data, a.data);
  const { steps, triples, margin } = schedule(options);
  const unit = powerOfTwo(largest("newtonSchulz", a));
  const wide = m <= n;
  const [r, length] = wide ? [m, n] : [n, m];
  return work.scope(() => {
    const take = (count: number): Real => (dtype(a) === "float32" ? work.float32(count) : work.float64(count));
    let x = packScaled(take(r * length), a, 1 / unit, !wide);
    let y = take(r * length);
    const gram = take(r * r);
    const powers = take(r * r);
    const norm = Math.sqrt(work.engine.dot(x.length, x, 0, x, 0));
    if (norm > 0) scaleBy(x, 1 / (margin * norm));
    for (let i = 0; i < steps; i++) {
      step(work, r, length, x, y, gram, powers, triples[Math.min(i, triples.length - 1)]!);
      [x, y] = [y, x];
    }
    unpack(wide ? out : transpose(out), x);
    return out;
  });
}

/** Bytes of scratch that {@link newtonSchulzInto} needs. */
export function newtonSchulzWorkspace(m: number, n: number, dtype: Dtype = "float64"): WorkspaceSize {
  const sizeOf = dtype === "float32" ? sizeOfFloat32 : sizeOfFloat64;
  const r = Math.min(m, n);
  return allOf(2 * sizeOf(m * n), 2 * sizeOf(r * r));
}

/** y ← a x + (b G + c G²) x with G = x xᵀ. */
function step(
  { engine }: Workspace,
  r: number,
  n: number,
  x: Real,
  y: Real,
  gram: Real,
  powers: Real,
  [a, b, c]: NewtonSchulzStep,
): void {
  engine.gemm(false, true, r, r, n, 1, x, 0, n, x, 0, n, 0, gram, 0, r);
  powers.set(gram);
  engine.gemm(false, false, r, r, r, c, gram, 0, r, gram, 0, r, b, powers, 0, r);
  y.set(x);
  engine.gemm(false, false, r, n, r, 1, powers, 0, r, x, 0, n, a, y, 0, n);
}

function schedule({ coefficients = "polar-express", steps }: NewtonSchulzOptions): Schedule {
  const known: Schedule | undefined =
    typeof coefficients === "string"
      ? (NAMED as Record<string, Schedule>)[coefficients]
      : { steps: coefficients.length, triples: coefficients, margin: 1 };
  if (known === undefined || known.triples.length === 0) {
    const names = Object.keys(NAMED).join(", ");
    throw new OptionError(
      "newtonSchulz",
      `coefficients must be one of ${names} or triples, got ${String(coefficients)}`,
    );
  }
  if (steps !== undefined && !(Number.isInteger(steps) && steps >= 0)) {
    throw new OptionError("newtonSchulz", `steps must be a whole number, got ${steps}`);
  }
  return { ...known, steps: steps ?? known.steps };
}
