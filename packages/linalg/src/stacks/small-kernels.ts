import type { MatrixLike } from "../matrix/matrix.ts";
import { dtypeOf, type Real } from "../matrix/real.ts";
import type { VectorLike } from "../matrix/vector.ts";
import { isVector, lastAxes } from "./leading-axes.ts";

/**
 * Writes the packed result of entry k, whose operands start at `offsets`; false, with nothing of use written, where it is not up to the
 * matrix: the routine itself decides then.
 */
export type SmallKernel = (out: Real, k: number, offsets: Int32Array) => boolean;

/** Up to this order a call of a routine takes longer than its arithmetic does. */
const SMALL = 8;
/** Elements further from one may leave the range on the way. */
const [LEAST, MOST] = [2 ** -100, 2 ** 100];
/** Rows and columns whose largest elements are further apart than this are equilibrated by the routines. */
const EVEN = 2 ** 6;
const FLOAT32_MOST = (2 - 2 ** -23) * 2 ** 127;

interface Operand {
  readonly data: Real;
  readonly rows: number;
  readonly cols: number;
  readonly down: number;
  readonly across: number;
}

/** A kernel for products of small matrices, summed in float64 and rounded once; undefined for larger ones. */
export function smallProduct(a: MatrixLike, b: VectorLike): SmallKernel | undefined {
  const [x, y] = [operandOf(a), operandOf(b)];
  if (x === undefined || y === undefined || x.cols !== y.rows || dtypeOf(x.data) !== dtypeOf(y.data)) return undefined;
  const { data: left, down, across, rows: m, cols: inner } = x;
  const { data: right, down: rightDown, across: rightAcross, cols: n } = y;
  return (out, k, offsets) => {
    let to = k * m * n;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let p = offsets[0]! + i * down;
        let q = offsets[1]! + j * rightAcross;
        let sum = 0;
        for (let t = 0; t < inner; t++) {
          sum += left[p]! * right[q]!;
          p += across;
          q += rightDown;
        }
        out[to++] = sum;
      }
    }
    return true;
  };
}

/** A kernel for small systems; the right-hand side is the identity where there is none. */
export function smallSystem(a: MatrixLike, b?: VectorLike): SmallKernel | undefined {
  const x = operandOf(a);
  const right = b === undefined ? undefined : operandOf(b);
  if (x === undefined || x.rows !== x.cols || (b !== undefined && right?.rows !== x.rows)) return undefined;
  if (right !== undefined && dtypeOf(right.data) !== dtypeOf(x.data)) return undefined;
  const [n, p] = [x.rows, right?.cols ?? x.rows];
  const system = new Float64Array(n * (n + p));
  const most = dtypeOf(x.data) === "float32" ? FLOAT32_MOST : MOST ** 2;
  return (out, k, offsets) => {
    if (!load(x, offsets[0]!, n + p, system)) return false;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < p; j++) {
        const value =
          right === undefined ? Number(i === j) : right.data[offsets[1]! + i * right.down + j * right.across]!;
        if (!(Math.abs(value) <= MOST)) return false;
        system[i * (n + p) + n + j] = value;
      }
    }
    if (eliminate(n, p, system) === 0) return false;
    substitute(n, p, system);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < p; j++) {
        const value = system[i * (n + p) + n + j]!;
        if (!(Math.abs(value) <= most)) return false;
        out[(k * n + i) * p + j] = value;
      }
    }
    return true;
  };
}

/** A kernel for determinants of small matrices. */
export function smallDeterminant(a: MatrixLike): SmallKernel | undefined {
  const x = operandOf(a);
  if (x === undefined || x.rows !== x.cols) return undefined;
  const system = new Float64Array(x.rows * x.rows);
  return (out, k, offsets) => {
    if (!load(x, offsets[0]!, x.cols, system)) return false;
    const determinant = eliminate(x.rows, 0, system);
    out[k] = determinant;
    return Math.abs(determinant) >= LEAST;
  };
}

/** A kernel for Cholesky factors of small matrices, of their lower triangles. */
export function smallCholesky(a: MatrixLike): SmallKernel | undefined {
  const x = operandOf(a);
  if (x === undefined || x.rows !== x.cols) return undefined;
  const n = x.rows;
  const l = new Float64Array(n * n);
  return (out, k, offsets) => {
    if (!load(x, offsets[0]!, n, l)) return false;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = l[i * n + j]!;
        for (let p = 0; p < j; p++) sum -= l[i * n + p]! * l[j * n + p]!;
        if (i === j && !(sum > 0)) return false;
        l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!;
      }
    }
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[(k * n + i) * n + j] = j <= i ? l[i * n + j]! : 0;
    return true;
  };
}

function operandOf(x: VectorLike): Operand | undefined {
  // A vector's result has another shape, and malformed operands are the routine's to refuse.
  if (isVector(x) || dtypeOf((x as MatrixLike).data) === undefined) return undefined;
  const { shape, stride } = lastAxes(x as MatrixLike);
  const [rows, cols] = [shape[0]!, shape[1]!];
  if (!(rows > 0 && rows <= SMALL && cols > 0 && cols <= SMALL)) return undefined;
  return { data: (x as MatrixLike).data, rows, cols, down: stride[0]!, across: stride[1]! };
}

/** Copies a square matrix into rows of length `ld`; false if it is not finite, or wants equilibration. */
function load({ data, rows: n, down, across }: Operand, offset: number, ld: number, out: Float64Array): boolean {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const value = data[offset + i * down + j * across]!;
      const size = Math.abs(value);
      if (!(size <= MOST)) return false;
      if (size > largest) largest = size;
      out[i * ld + j] = value;
    }
  }
  if (largest < LEAST) return false;
  const least = largest / EVEN;
  for (let i = 0; i < n; i++) {
    let [row, col] = [0, 0];
    for (let j = 0; j < n; j++) {
      row = Math.max(row, Math.abs(out[i * ld + j]!));
      col = Math.max(col, Math.abs(out[j * ld + i]!));
    }
    if (row < least || col < least) return false;
  }
  return true;
}

/** Gaussian elimination with partial pivoting of n × (n + p) rows. Returns the determinant, 0 for a zero pivot. */
function eliminate(n: number, p: number, x: Float64Array): number {
  const ld = n + p;
  let determinant = 1;
  for (let k = 0; k < n; k++) {
    let most = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(x[i * ld + k]!) > Math.abs(x[most * ld + k]!)) most = i;
    if (most !== k) {
      determinant = -determinant;
      for (let j = k; j < ld; j++) {
        const value = x[k * ld + j]!;
        x[k * ld + j] = x[most * ld + j]!;
        x[most * ld + j] = value;
      }
    }
    const pivot = x[k * ld + k]!;
    determinant *= pivot;
    if (pivot === 0) return 0;
    for (let i = k + 1; i < n; i++) {
      const factor = x[i * ld + k]! / pivot;
      if (factor === 0) continue;
      for (let j = k + 1; j < ld; j++) x[i * ld + j]! -= factor * x[k * ld + j]!;
    }
  }
  return determinant;
}

/** Back substitution: the last p columns ← U⁻¹ times themselves. */
function substitute(n: number, p: number, x: Float64Array): void {
  const ld = n + p;
  for (let i = n - 1; i >= 0; i--) {
    const pivot = x[i * ld + i]!;
    for (let j = n; j < ld; j++) {
      let sum = x[i * ld + j]!;
      for (let k = i + 1; k < n; k++) sum -= x[i * ld + k]! * x[k * ld + j]!;
      x[i * ld + j] = sum / pivot;
    }
  }
}
