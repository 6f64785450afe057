import { checkOutput, checkSameDtype, dtype } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, transpose } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { sizeOf, take, withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largest, packScaled, powerOfTwo, scaleBy, unpackScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { type NewtonSchulzOptions, newtonSchulzSchedule } from "./coefficients.ts";
import type { NewtonSchulzStep } from "./newton-schulz-step.ts";

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
  const out = zerosLike("newtonSchulz", a, m, n);
  return withWorkspace("newtonSchulz", newtonSchulzWorkspace(m, n, dtype(a)), (work) =>
    newtonSchulzInto(out, a, work, options),
  );
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
  checkWorkspace("newtonSchulz", work);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkOutput("newtonSchulz", "out", out, m, n);
  checkSameDtype("newtonSchulz", out.data, a.data);
  const { steps, triples, margin } = newtonSchulzSchedule(options);
  const unit = powerOfTwo(largest("newtonSchulz", a, work.engine));
  const wide = m <= n;
  const [r, length] = wide ? [m, n] : [n, m];
  return work.scope(() => {
    const type = dtype(a);
    let x = packScaled(work.engine, take(work, type, r * length), a, 1 / unit, !wide);
    let y = take(work, type, r * length);
    const gram = take(work, type, r * r);
    const powers = take(work, type, r * r);
    const norm = Math.sqrt(work.engine.dot(x.length, x, 0, x, 0));
    if (norm > 0) scaleBy(x, 1 / (margin * norm));
    for (let i = 0; i < steps; i++) {
      step(work, r, length, x, y, gram, powers, triples[Math.min(i, triples.length - 1)]!);
      [x, y] = [y, x];
    }
    unpackScaled(work.engine, wide ? out : transpose(out), x, 1);
    return out;
  });
}

/** Bytes of scratch that {@link newtonSchulzInto} needs. */
export function newtonSchulzWorkspace(m: number, n: number, type: Dtype = "float64"): WorkspaceSize {
  const r = Math.min(m, n);
  return allOf(2 * sizeOf(type, m * n), 2 * sizeOf(type, r * r));
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
