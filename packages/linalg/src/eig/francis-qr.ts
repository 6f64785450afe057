import { NotConvergedError } from "../errors.ts";
import { sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { makeReflector } from "../qr/householder.ts";
import { applySweep, type ReflectorSweep } from "./reflector-sweep.ts";
import { type Block, standardize } from "./standard-block.ts";

const EPS = Number.EPSILON;
const SAFE_MIN = 2 ** -1022;
/** Steps without deflation after which shifts are replaced, at the top and at the bottom of the active block in turn (dlahqr). */
const EXCEPTIONAL = 10;
/** The exceptional shifts: eigenvalues of [¾ s, −7⁄16 s; s, ¾ s] beyond a diagonal element, with s a sum of subdiagonal ones (dlahqr). */
const [EXCEPTIONAL_DIAGONAL, EXCEPTIONAL_CORNER] = [0.75, -0.4375];
/** Steps that one deflation may take, for each row of the matrix and for ten at least (dlahqr). */
const STEPS_PER_ROW = 30;

/** A Hessenberg matrix on its way to Schur form. */
interface Iteration {
  readonly n: number;
  /** Packed n × n. */
  readonly h: Float64Array;
  /** Whose columns are rotated along, packed n × n; undefined if it is not wanted. */
  readonly z: Float64Array | undefined;
  readonly low: number;
  readonly high: number;
  /** A subdiagonal element up to this counts as zero. */
  readonly tiny: number;
}

/** The shifts of a double step, the eigenvalues of a 2 × 2 matrix: real, or conjugate. */
interface Shifts {
  re1: number;
  re2: number;
  /** Imaginary part of the first. */
  im: number;
}

/**
 * Francis' double-shift QR iteration on rows and columns low … high of the packed n × n Hessenberg matrix `h`, which is upper
 * triangular outside of them. With `z`, on exit `h` is T = Qᵀ H Q in real Schur form with standard 2 × 2 blocks, and `z` has been
 * multiplied by Q from the right; without, only the diagonal blocks are those of T.
 *
 * @throws {NotConvergedError} after 30 max(10, high − low + 1) steps without deflation.
 * @see Golub and Van Loan, Matrix Computations (2013), §7.5; LAPACK, dlahqr; Ahues and Tisseur, A new deflation criterion for the
 * QR algorithm (1997).
 */
export function francisQr(
  operation: string,
  n: number,
  low: number,
  high: number,
  h: Float64Array,
  z: Float64Array | undefined,
  work: Workspace,
): void {
  const size = high - low + 1;
  const limit = STEPS_PER_ROW * Math.max(10, size);
  const iteration: Iteration = { n, h, z, low, high, tiny: SAFE_MIN * (size / EPS) };
  const shifts: Shifts = { re1: 0, re2: 0, im: 0 };
  const block: Block = { a: 0, b: 0, c: 0, d: 0, cos: 1, sin: 0 };
  work.scope(() => {
    const sweep: ReflectorSweep = {
      start: 0,
      last: 0,
      tau: work.float64(n),
      second: work.float64(n),
      third: work.float64(n),
    };
    const v = new Float64Array(3);
    let first = low;
    for (let last = high; last >= low; last = first - 1) {
      for (let steps = 0; ; steps++) {
        first = activeStart(iteration, steps === 0 ? low : first, last);
        if (first > low) h[first * n + first - 1] = 0;
        if (first >= last - 1) break;
        if (steps === limit) {
          throw new NotConvergedError(operation, { iterations: steps, residual: Math.abs(h[last * n + last - 1]!) });
        }
        chooseShifts(iteration, first, last, steps + 1, shifts);
        const start = bulgeStart(iteration, first, last, shifts, v);
        chase(iteration, first, start, last, v, sweep);
      }
      if (first === last - 1) splitBlock(iteration, first, block);
    }
  });
}

/** Scratch of {@link francisQr}. */
export const francisQrWorkspace = (n: number): WorkspaceSize => 3 * sizeOfFloat64(n);

/** First row of the unreduced block that ends with row `last`: the subdiagonal element left of it is negligible. */
function activeStart({ n, h, low, high, tiny }: Iteration, from: number, last: number): number {
  let k = last;
  for (; k > from; k--) {
    const at = k * n + k;
    const sub = Math.abs(h[at - 1]!);
    if (sub <= tiny) break;
    const above = h[at - n - 1]!;
    const own = h[at]!;
    let size = Math.abs(above) + Math.abs(own);
    if (size === 0) {
      if (k - 2 >= low) size += Math.abs(h[at - n - 2]!);
      if (k + 1 <= high) size += Math.abs(h[at + n]!);
    }
    if (sub > EPS * size) continue;
    const other = Math.abs(h[at - n]!);
    const difference = Math.abs(above - own);
    const [more, less] = [Math.max(sub, other), Math.min(sub, other)];
    const [large, small] = [Math.max(Math.abs(own), difference), Math.min(Math.abs(own), difference)];
    const sum = large + more;
    if (less * (more / sum) <= Math.max(tiny, EPS * (small * (large / sum)))) break;
  }
  return k;
}

/** The eigenvalues of the last 2 × 2 block, the nearer one twice if they are real; now and then, exceptional ones. */
function chooseShifts({ n, h }: Iteration, first: number, last: number, step: number, shifts: Shifts): void {
  const at = last * n + last;
  if (step % (2 * EXCEPTIONAL) === 0) {
    const s = Math.abs(h[at - 1]!) + Math.abs(h[at - n - 2]!);
    const diagonal = EXCEPTIONAL_DIAGONAL * s + h[at]!;
    eigenvalues(diagonal, EXCEPTIONAL_CORNER * s, s, diagonal, shifts);
  } else if (step % EXCEPTIONAL === 0) {
    const top = first * n + first;
    const s = Math.abs(h[top + n]!) + Math.abs(h[top + 2 * n + 1]!);
    const diagonal = EXCEPTIONAL_DIAGONAL * s + h[top]!;
    eigenvalues(diagonal, EXCEPTIONAL_CORNER * s, s, diagonal, shifts);
  } else eigenvalues(h[at - n - 1]!, h[at - n]!, h[at - 1]!, h[at]!, shifts);
}

function eigenvalues(a: number, b: number, c: number, d: number, shifts: Shifts): void {
  const s = Math.abs(a) + Math.abs(b) + Math.abs(c) + Math.abs(d);
  shifts.re1 = shifts.re2 = shifts.im = 0;
  if (s === 0) return;
  const mean = 0.5 * (a / s + d / s);
  const det = (a / s - mean) * (d / s - mean) - (b / s) * (c / s);
  const root = Math.sqrt(Math.abs(det));
  if (det >= 0) {
    shifts.re1 = shifts.re2 = mean * s;
    shifts.im = root * s;
  } else
    shifts.re1 = shifts.re2 =
      s * (Math.abs(mean + root - d / s) <= Math.abs(mean - root - d / s) ? mean + root : mean - root);
}

/**
 * Row where the double step may start because the two subdiagonal elements before it are small together; v ← the first column of
 * (H − σ₁) (H − σ₂) from that row on, scaled.
 */
function bulgeStart(
  { n, h }: Iteration,
  first: number,
  last: number,
  { re1, re2, im }: Shifts,
  v: Float64Array,
): number {
  for (let m = last - 2; ; m--) {
    const at = m * n + m;
    const own = h[at]!;
    const next = h[at + n + 1]!;
    const sub = Math.abs(h[at + n]!);
    const s = Math.abs(own - re2) + Math.abs(im) + sub;
    const ratio = h[at + n]! / s;
    const v0 = ratio * h[at + 1]! + (own - re1) * ((own - re2) / s) + im * (im / s);
    const v1 = ratio * (own + next - re1 - re2);
    const v2 = ratio * h[at + 2 * n + 1]!;
    const sum = Math.abs(v0) + Math.abs(v1) + Math.abs(v2);
    v[0] = v0 / sum;
    v[1] = v1 / sum;
    v[2] = v2 / sum;
    if (m === first) return m;
    const product = Math.abs(h[at - 1]!) * (Math.abs(v[1]!) + Math.abs(v[2]!));
    if (product <= EPS * Math.abs(v[0]!) * (Math.abs(h[at - n - 1]!) + Math.abs(own) + Math.abs(next))) return m;
  }
}

/** One double step on rows first … last, its bulge made by the reflector of `v` in row `start` and chased off the end. */
function chase(
  { n, h, z }: Iteration,
  first: number,
  start: number,
  last: number,
  v: Float64Array,
  sweep: ReflectorSweep,
): void {
  const { tau, second, third } = sweep;
  sweep.start = start;
  sweep.last = last;
  const [top, end] = z === undefined ? [first, last + 1] : [0, n];
  for (let k = start; k < last; k++) {
    const length = Math.min(3, last - k + 1);
    const column = k * n + k - 1;
    if (k > start) for (let i = 0; i < length; i++) v[i] = h[column + i * n]!;
    const factor = makeReflector(v, 0, length);
    if (k > start) {
      h[column] = v[0]!;
      for (let i = 1; i < length; i++) h[column + i * n] = 0;
    } else if (start > first) h[column]! *= 1 - factor; // rather than a change of sign: v₁ and v₂ may have underflowed
    tau[k] = factor;
    second[k] = v[1]!;
    third[k] = length === 3 ? v[2]! : 0;
    // Rows above take no further part in the chase: they are reflected at the end, all reflectors at once.
    const bottom = Math.min(k + 3, last) + 1;
    if (length === 3) {
      reflectRows(h, k * n, n, k, end, factor, v[1]!, v[2]!);
      reflectColumns(h, k, n, k, bottom, factor, v[1]!, v[2]!);
    } else {
      reflectTwoRows(h, k * n, n, k, end, factor, v[1]!);
      reflectTwoColumns(h, k, n, k, bottom, factor, v[1]!);
    }
  }
  applySweep(sweep, h, n, top, last, true);
  if (z !== undefined) applySweep(sweep, z, n, 0, n, false);
}

/** Columns from … end − 1 of three rows of length n, the first at `row`, ← (I − tau v vᵀ) times themselves, v = (1, v1, v2). */
function reflectRows(
  x: Float64Array,
  row: number,
  n: number,
  from: number,
  end: number,
  tau: number,
  v1: number,
  v2: number,
): void {
  const [t1, t2] = [tau * v1, tau * v2];
  for (let p = row + from, stop = row + end, q = p + n, r = q + n; p < stop; p++, q++, r++) {
    const sum = x[p]! + v1 * x[q]! + v2 * x[r]!;
    x[p]! -= tau * sum;
    x[q]! -= t1 * sum;
    x[r]! -= t2 * sum;
  }
}

/** Rows top … bottom − 1 of three columns, the first `column`, ← themselves times I − tau v vᵀ, v = (1, v1, v2). */
function reflectColumns(
  x: Float64Array,
  column: number,
  n: number,
  top: number,
  bottom: number,
  tau: number,
  v1: number,
  v2: number,
): void {
  const [t1, t2] = [tau * v1, tau * v2];
  for (let p = top * n + column, stop = bottom * n + column; p < stop; p += n) {
    const sum = x[p]! + v1 * x[p + 1]! + v2 * x[p + 2]!;
    x[p]! -= tau * sum;
    x[p + 1]! -= t1 * sum;
    x[p + 2]! -= t2 * sum;
  }
}

function reflectTwoRows(
  x: Float64Array,
  row: number,
  n: number,
  from: number,
  end: number,
  tau: number,
  v1: number,
): void {
  const t1 = tau * v1;
  for (let p = row + from, stop = row + end, q = p + n; p < stop; p++, q++) {
    const sum = x[p]! + v1 * x[q]!;
    x[p]! -= tau * sum;
    x[q]! -= t1 * sum;
  }
}

function reflectTwoColumns(
  x: Float64Array,
  column: number,
  n: number,
  top: number,
  bottom: number,
  tau: number,
  v1: number,
): void {
  const t1 = tau * v1;
  for (let p = top * n + column, stop = bottom * n + column; p < stop; p += n) {
    const sum = x[p]! + v1 * x[p + 1]!;
    x[p]! -= tau * sum;
    x[p + 1]! -= t1 * sum;
  }
}

/** Brings the 2 × 2 block at row `k` to standard form, and rotates the rest along. */
function splitBlock({ n, h, z }: Iteration, k: number, block: Block): void {
  const at = k * n + k;
  block.a = h[at]!;
  block.b = h[at + 1]!;
  block.c = h[at + n]!;
  block.d = h[at + n + 1]!;
  standardize(block);
  const { cos, sin } = block;
  if (z !== undefined) {
    for (let p = at + 2, q = p + n; p < (k + 1) * n; p++, q++) {
      const [x, y] = [h[p]!, h[q]!];
      h[p] = cos * x + sin * y;
      h[q] = cos * y - sin * x;
    }
    rotateColumns(h, k, n, k, cos, sin);
    rotateColumns(z, k, n, n, cos, sin);
  }
  h[at] = block.a;
  h[at + 1] = block.b;
  h[at + n] = block.c;
  h[at + n + 1] = block.d;
}

/** (x, y) ← (cos x + sin y, cos y − sin x) for the first rows of two columns, `column` and the next. */
function rotateColumns(x: Float64Array, column: number, n: number, rows: number, cos: number, sin: number): void {
  for (let p = column, end = column + rows * n; p < end; p += n) {
    const [a, b] = [x[p]!, x[p + 1]!];
    x[p] = cos * a + sin * b;
    x[p + 1] = cos * b - sin * a;
  }
}
