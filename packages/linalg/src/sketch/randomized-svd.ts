import { checkOptions, checkOutputs, type OptionKinds } from "../arguments.ts";
import { checkApart, checkOutput, checkSameDtype, checkVector, dtype } from "../matrix/checks.ts";
import { checkMatrix, type MatrixLike, transpose } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { vectorLike, withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largest, packScaled, unpackScaled, writeScaled } from "../memory/scale.ts";
import {
  allOf,
  anyOf,
  checkWorkspace,
  sizeOfFloat64,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";
import { scaleRow, signOf } from "../rows/sign.ts";
import { gramSvd, gramSvdWorkspace } from "../svd/gram-svd.ts";
import { rowSvd, rowSvdWorkspace } from "../svd/row-svd.ts";
import type { SVD } from "../svd/svd.ts";
import { checkKey, type RandomKey } from "./random.ts";
import {
  checkSketch,
  iterate,
  type RangeFinderSettings,
  sketchSize,
  subspaceWorkspace,
  takeSubspace,
} from "./subspace-iteration.ts";

/** Options of {@link randomizedSvd}. */
export interface RandomizedSvdOptions extends RangeFinderSettings {
  /** Key of the random numbers: equal keys give equal bits. Default [0, 0, 0]. */
  readonly key?: RandomKey;
}

const OPTIONS: OptionKinds<RandomizedSvdOptions> = { oversampling: "number", powerIterations: "number", key: "any" };

/** Outputs of {@link randomizedSvdInto}. */
export interface RandomizedSvdOut {
  readonly u: MatrixLike;
  readonly s: Real;
  readonly vt: MatrixLike;
}

/**
 * The leading `rank` singular triplets of `a`, by randomized subspace iteration and an exact decomposition of the projected matrix.
 *
 * @param a - m × n, any strides.
 * @param rank - at most min(m, n).
 * @returns u m × rank, s, vt rank × n, of the dtype of `a`; signs as in {@link svd}.
 * @throws {NonFiniteError} @throws {ShapeError} if the rank is too large @throws {OptionError} for an option outside its range.
 * Accuracy: ‖a − u s vt‖ is within a factor 1 + O((σ_{k+1}/σ_k)^{4p+2}) of the best at that rank, in expectation
 * (p power iterations). Cost: 2mn(rank + oversampling)(2 + 2p) flops.
 *
 * @see Halko, Martinsson and Tropp, Finding structure with randomness (2011), algorithms 4.4 and 5.1.
 *
 * @example
 * const { u, s, vt } = randomizedSvd(a, 16);
 */
export function randomizedSvd<D extends Real>(
  a: MatrixLike<D>,
  rank: number,
  options: RandomizedSvdOptions = {},
): SVD<D> {
  checkMatrix("randomizedSvd", a);
  checkOptions("randomizedSvd", options, OPTIONS);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const { oversampling = 8, powerIterations = 1 } = options;
  checkSketch("randomizedSvd", m, n, rank, oversampling, powerIterations);
  const out = {
    u: zerosLike("randomizedSvd", a, m, rank),
    s: vectorLike("randomizedSvd", a, rank),
    vt: zerosLike("randomizedSvd", a, rank, n),
  };
  withWorkspace("randomizedSvd", randomizedSvdWorkspace(m, n, rank, dtype(a), options), (work) =>
    randomizedSvdInto(out, a, work, options),
  );
  return out;
}

/**
 * out ← the leading triplets; see {@link randomizedSvd}. The rank is the length of `out.s`.
 *
 * @param out - u m × rank, s, vt rank × n, of the dtype of `a`.
 * @param work - at least {@link randomizedSvdWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {OptionError} @throws {NonFiniteError} before anything is written.
 */
export function randomizedSvdInto(
  out: RandomizedSvdOut,
  a: MatrixLike,
  work: Workspace,
  options: RandomizedSvdOptions = {},
): void {
  checkMatrix("randomizedSvd", a);
  checkOptions("randomizedSvd", options, OPTIONS);
  checkOutputs("randomizedSvd", out, "u, s, vt");
  checkWorkspace("randomizedSvd", work);
  const { oversampling = 8, powerIterations = 1, key = [0, 0, 0] } = options;
  checkKey("randomizedSvd", key);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkVector("randomizedSvd", "s", out.s, out.s?.length, a.data);
  const rank = out.s.length;
  checkSketch("randomizedSvd", m, n, rank, oversampling, powerIterations);
  checkOutput("randomizedSvd", "u", out.u, m, rank);
  checkApart("randomizedSvd", "u and vt", out.u, out.vt);
  checkOutput("randomizedSvd", "vt", out.vt, rank, n);
  for (const data of [out.u.data, out.s, out.vt.data]) checkSameDtype("randomizedSvd", data, a.data);
  const most = largest("randomizedSvd", a, work.engine);
  work.scope(() => {
    const l = sketchSize(m, n, rank, oversampling);
    const subspace = takeSubspace(work, a, l, most);
    const projected = work.float64(l * n);
    const left = work.float64(l * l);
    const s = work.float64(l);
    iterate(subspace, powerIterations, key, work);
    packScaled(work.engine, projected, { data: subspace.right, shape: [n, l], stride: [l, 1], offset: 0 }, 1, true);
    const wanted = { s, left, right: projected };
    const quick = dtype(a) === "float32" && gramSvd("randomizedSvd", l, n, projected, wanted, work);
    if (!quick) rowSvd("randomizedSvd", l, n, projected, wanted, l, work);
    writeScaled("randomizedSvd", out.s, s.subarray(0, rank), subspace.unit);
    lift(out.u, subspace.left, left, projected, l, n, work);
    unpackScaled(work.engine, out.vt, projected, 1);
  });
}

/** Bytes of scratch that {@link randomizedSvdInto} needs. */
export function randomizedSvdWorkspace(
  m: number,
  n: number,
  rank: number,
  type: Dtype = "float64",
  { oversampling = 8 }: RangeFinderSettings = {},
): WorkspaceSize {
  const l = sketchSize(m, n, rank, oversampling);
  return allOf(
    subspaceWorkspace(m, n, l, type),
    sizeOfFloat64(l * n),
    sizeOfFloat64(l * l),
    sizeOfFloat64(l),
    anyOf(gramSvdWorkspace(l, n), rowSvdWorkspace(l, n, l)),
    2 * sizeOfFloat64(m * l),
  );
}

/** u ← basis leftᵀ, its first columns, with the largest component of each positive; the rows of `right` along. */
function lift(
  u: MatrixLike,
  basis: Real,
  left: Float64Array,
  right: Float64Array,
  l: number,
  n: number,
  work: Workspace,
): void {
  const [m, rank] = [u.shape[0]!, u.shape[1]!];
  work.scope(() => {
    const q = work.float64(m * l);
    const rows = work.float64(rank * m);
    q.set(basis);
    work.engine.gemm(false, true, rank, m, l, 1, left, 0, l, q, 0, l, 0, rows, 0, m);
    for (let i = 0; i < rank; i++) {
      const sign = signOf(rows, i * m, m);
      scaleRow(rows, i, m, sign);
      scaleRow(right, i, n, sign);
    }
    unpackScaled(work.engine, transpose(u), rows, 1);
  });
}
