import { checkOutput, checkSameDtype, checkSquare } from "../matrix/checks.ts";
import { type Matrix, type MatrixLike, transpose } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, scaleBy, unpackScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { eliminationWorkspace, solveByElimination } from "../solve/lu.ts";
import { chooseDegree, type Powers } from "./exponential-degree.ts";
import { type Band, bandOf, isTriangular, writeBand } from "./triangular-exponential.ts";

/** Larger elements are divided by a power of two first, so that powers of the matrix stay in range. */
const LARGEST = 2 ** 30;

/**
 * Matrix exponential Σ aᵏ / k!, by scaling and squaring of a Padé approximant of degree 3, 5, 7, 9 or 13, in float64 inside.
 *
 * @param a - n × n, any strides.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity.
 * @throws {OverflowError} if the exponential, or a square on the way to it, is outside the range of the dtype or of float64.
 * Accuracy: exp(a + e) with ‖e‖ ≤ ε₆₄ ‖a‖ in exact arithmetic, before rounding to the dtype; norms of powers instead of powers of norms
 * keep nonnormal matrices from being scaled too far. Of a triangular matrix the diagonal
 * and its neighbours are those of scalar exponentials. Cost: 12n³ to 15n³ flops, and 2n³ for each squaring.
 *
 * @see Al-Mohy and Higham, A new scaling and squaring algorithm for the matrix exponential (2009), algorithm 5.1 and
 * fragment 2.1. Deviates: norms of eighth and tenth powers are bounded by those of lower ones instead of estimated.
 *
 * @example
 * expm(fromRows([[0, 1], [0, 0]])); // [[1, 1], [0, 1]]
 */
export function expm<D extends Real>(a: MatrixLike<D>): Matrix<D> {
  const n = checkSquare("expm", a);
  const out = zerosLike("expm", a, n, n);
  return withWorkspace("expm", expmWorkspace(n), (work) => expmInto(out, a, work));
}

/**
 * out ← the exponential; see {@link expm}.
 *
 * @param out - n × n of the dtype of `a`; may be `a`.
 * @param work - at least {@link expmWorkspace} bytes.
 * @throws as {@link expm}, before anything is written.
 */
export function expmInto<M extends MatrixLike>(out: M, a: MatrixLike, work: Workspace): M {
  const n = checkSquare("expm", a);
  checkOutput("expm", "out", out, n, n);
  checkSameDtype("expm", out.data, a.data);
  checkWorkspace("expm", work);
  const { engine } = work;
  const unit = Math.max(1, powerOfTwo(largest("expm", a, engine)) / LARGEST);
  return work.scope(() => {
    const x = packScaled(engine, work.float64(n * n), a, 1 / unit);
    const y = work.float64(n * n);
    const upper = isTriangular(n, x, false);
    // Worked on as its transpose: pivots stay on the diagonal, and zeros stay zero.
    const lower = !upper && isTriangular(n, x, true);
    if (lower) packScaled(engine, x, a, 1 / unit, true);
    const band = upper || lower ? bandOf(n, x, work) : undefined;
    const squarings = approximate(n, x, y, work);
    const result = square(n, squarings, Math.log2(unit), band, x, y, work);
    checkRange("expm", engine.largest(n * n, result, 0), 1, out.data);
    unpackScaled(engine, lower ? transpose(out) : out, result, 1);
    return out;
  });
}

/** Bytes of scratch that {@link expmInto} needs for an n × n matrix. */
export const expmWorkspace = (n: number): WorkspaceSize =>
  allOf(7 * sizeOfFloat64(n * n), 4 * sizeOfFloat64(n), eliminationWorkspace(n));

/** x ← the Padé approximant of exp(x / 2ˢ); returns s. `y` is scratch. */
function approximate(n: number, x: Float64Array, y: Float64Array, work: Workspace): number {
  return work.scope(() => {
    const powers: Powers = { one: x, two: work.float64(n * n), four: work.float64(n * n), six: work.float64(n * n) };
    const { two, four, six } = powers;
    multiply(n, x, x, two, work);
    multiply(n, two, two, four, work);
    multiply(n, two, four, six, work);
    const { degree, squarings } = chooseDegree(n, powers, y, work);
    const scale = 2 ** -squarings;
    scaleBy(x, scale);
    scaleBy(two, scale ** 2);
    scaleBy(four, scale ** 4);
    scaleBy(six, scale ** 6);
    const b = padeCoefficients(degree);
    const odd = work.float64(n * n);
    const even = work.float64(n * n);
    // U = x (odd part), V = even part; exp(x) ≈ (V − U)⁻¹ (V + U).
    polynomial(n, powers, b, 1, odd, y, work);
    multiply(n, x, odd, y, work);
    polynomial(n, powers, b, 0, even, odd, work);
    for (let i = 0; i < n * n; i++) {
      x[i] = even[i]! + y[i]!;
      even[i]! -= y[i]!;
    }
    solveByElimination("expm", n, even, n, x, work);
    return squarings;
  });
}

/**
 * out ← Σ b_{2i + parity} x²ⁱ: what lies above x⁶ as x⁶ times a polynomial. `product` is scratch.
 */
function polynomial(
  n: number,
  { two, four, six }: Powers,
  b: readonly number[],
  parity: 0 | 1,
  out: Float64Array,
  product: Float64Array,
  work: Workspace,
): void {
  const [b0, b2, b4, b6, b8, b10, b12] = [0, 2, 4, 6, 8, 10, 12].map((i) => b[i + parity] ?? 0) as Seven;
  if (b8 !== 0) {
    for (let i = 0; i < n * n; i++) out[i] = b8 * two[i]! + b10 * four[i]! + b12 * six[i]!;
    multiply(n, six, out, product, work);
  } else product.fill(0);
  for (let i = 0; i < n * n; i++) out[i] = product[i]! + b2 * two[i]! + b4 * four[i]! + b6 * six[i]!;
  for (let i = 0; i < n * n; i += n + 1) out[i]! += b0;
}

type Seven = [number, number, number, number, number, number, number];

/** Coefficients b₀ … b_m of the numerator of the [m/m] approximant: b_m = 1, b_{j−1} = b_j j (2m − j + 1) / (m − j + 1). */
function padeCoefficients(m: number): number[] {
  const b = [1];
  for (let j = m; j > 0; j--) b.unshift((b[0]! * j * (2 * m - j + 1)) / (m - j + 1));
  return b;
}

/**
 * x squared as often as it was halved, `more` times before the approximation; ends early where nothing changes any more. Elements that
 * a triangular exponential has in closed form are written anew after each square. Returns `x` or `y`, which holds the result.
 */
function square(
  n: number,
  halvings: number,
  more: number,
  band: Band | undefined,
  x: Float64Array,
  y: Float64Array,
  work: Workspace,
): Float64Array {
  let [from, to] = [x, y];
  for (let i = halvings; ; i--) {
    if (band !== undefined) writeBand(n, band, 2 ** -i, from);
    const most = work.engine.largest(n * n, from, 0);
    if (i === -more || most === 0 || !Number.isFinite(most)) return from;
    multiply(n, from, from, to, work);
    [from, to] = [to, from];
  }
}

/** out ← x y for packed n × n matrices. */
function multiply(n: number, x: Float64Array, y: Float64Array, out: Float64Array, { engine }: Workspace): void {
  engine.gemm(false, false, n, n, n, 1, x, 0, n, y, 0, n, 0, out, 0, n);
}
