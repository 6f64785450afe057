import { rotateRows } from "../engine/reference/rotate-rows.ts";
import { allOf, sizeOfFloat64, sizeOfInt32, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { writeIdentity } from "../rows/write-identity.ts";
import { largestEntry, tridiagonalQl } from "./tridiagonal-ql.ts";

const EPS = Number.EPSILON;
/** Up to this order QL takes less time than two halves and their merge. */
const LEAF = 32;

/** A symmetric tridiagonal problem: diagonal, neighbours, and the packed n × n rows that become its eigenvectors. */
interface Tridiagonal {
  readonly operation: string;
  readonly n: number;
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly z: Float64Array;
  /** Neighbours up to here count as zero: the secular equation of an update far below the rest would underflow. */
  readonly negligible: number;
}

/**
 * Eigenvalues and eigenvectors of the symmetric tridiagonal matrix with diagonal `d` and neighbours `e`: on exit `d` holds the values
 * in no order, row i of the packed n × n `z` the eigenvector of d[i]; `e` is spoiled.
 *
 * Divide and conquer: two halves differ from the whole by a matrix of rank one, whose secular equation gives values and vectors;
 * nearly all of the work is matrix products.
 *
 * @throws {NotConvergedError}
 * @see Cuppen (1981); Gu and Eisenstat, A divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem (1995).
 */
export function divideAndConquer(
  operation: string,
  n: number,
  d: Float64Array,
  e: Float64Array,
  z: Float64Array,
  work: Workspace,
): void {
  writeIdentity(n, z);
  conquer({ operation, n, d, e, z, negligible: EPS * largestEntry(0, n, d, e) }, 0, n, work);
}

function conquer(t: Tridiagonal, low: number, high: number, work: Workspace): void {
  const { operation, d, e, z, n } = t;
  if (high - low <= LEAF) {
    tridiagonalQl(work.engine, operation, low, high, d, e, z, low, high - low, n, t.negligible);
    return;
  }
  const middle = (low + high) >> 1;
  const beta = Math.abs(e[middle - 1]!) > t.negligible ? e[middle - 1]! : 0;
  d[middle - 1]! -= Math.abs(beta);
  d[middle]! -= Math.abs(beta);
  conquer(t, low, middle, work);
  conquer(t, middle, high, work);
  if (beta !== 0) work.scope(() => merge(t, low, middle, high, beta, work));
}

/** A merge after deflation: k rows in ascending order of their values, and for each the half in which it is not zero. */
interface Merge {
  readonly k: number;
  /** Rows of z, and by rising value their diagonal elements and components of the update. */
  readonly rows: Int32Array;
  readonly d: Float64Array;
  readonly v: Float64Array;
  /** 0: only left of the middle, 1: both, 2: only right. */
  readonly side: Int32Array;
}

/** Rows low … high of z and d ← eigenvectors and values of diag(d) + |beta| v vᵀ in the basis of those rows. */
function merge(t: Tridiagonal, low: number, middle: number, high: number, beta: number, work: Workspace): void {
  const { n, d, z } = t;
  const size = high - low;
  const left = middle - low;
  const merged = deflate(t, low, middle, high, beta, work);
  const { k, rows } = merged;
  if (k === 0) return;
  const place = work.int32(k);
  const counts = arrange(merged, place);
  const values = work.float64(k);
  const vectors = work.float64(k * k);
  const scratch = work.float64(k);
  const old = work.float64(k * size);
  const next = work.float64(k * size);
  work.engine.rankOneEigen(k, Math.abs(beta), merged.d, merged.v, place, values, vectors, scratch);
  for (let j = 0; j < k; j++) {
    const from = rows[j]! * n + low;
    old.set(z.subarray(from, from + size), place[j]! * size);
  }
  const [leftCount, rightFirst] = [counts[0] + counts[1], counts[0]];
  const { gemm } = work.engine;
  gemm(false, false, k, left, leftCount, 1, vectors, 0, k, old, 0, size, 0, next, 0, size);
  const from = rightFirst * size + left;
  gemm(false, false, k, size - left, k - rightFirst, 1, vectors, rightFirst, k, old, from, size, 0, next, left, size);
  for (let i = 0; i < k; i++) {
    d[rows[i]!] = values[i]!;
    z.set(next.subarray(i * size, (i + 1) * size), rows[i]! * n + low);
  }
}

/**
 * Deflates the rows whose eigenpairs are known already: those whose component of the update is negligible, and one of each pair of nearly equal
 * values, after a rotation that turns the update away from it. Both change the matrix by less than its rounding.
 */
function deflate(t: Tridiagonal, low: number, middle: number, high: number, beta: number, work: Workspace): Merge {
  const { n, d, z } = t;
  const size = high - low;
  const order = work.int32(size);
  for (let i = 0; i < size; i++) order[i] = low + i;
  order.sort((a, b) => d[a]! - d[b]!);
  const rows = work.int32(size);
  const side = work.int32(size);
  const kept = work.float64(size);
  const v = work.float64(size);
  let largest = 0;
  for (let i = low; i < high; i++) largest = Math.max(largest, Math.abs(d[i]!));
  const rho = Math.abs(beta);
  const tolerance = 8 * EPS * Math.max(largest, rho);
  let k = 0;
  for (const row of order) {
    const right = row >= middle;
    let component = right ? Math.sign(beta) * z[row * n + middle]! : z[row * n + middle - 1]!;
    let where = right ? 2 : 0;
    if (rho * Math.abs(component) <= tolerance) continue;
    if (k > 0 && mergePair(t, low, size, rows[k - 1]!, row, v[k - 1]!, component, tolerance)) {
      component = Math.sqrt(component ** 2 + v[k - 1]! ** 2);
      if (side[k - 1] !== where) where = 1;
      k--;
    }
    rows[k] = row;
    kept[k] = d[row]!;
    v[k] = component;
    side[k] = where;
    k++;
  }
  return { k, rows, d: kept, v, side };
}

/**
 * If the values of two rows are near enough to exchange: turns the rows so that the first has no component of the update left, and
 * returns true. `a` and `b` are their components.
 */
function mergePair(
  { n, d, z }: Tridiagonal,
  low: number,
  size: number,
  first: number,
  second: number,
  a: number,
  b: number,
  tolerance: number,
): boolean {
  const r = Math.sqrt(a * a + b * b);
  const [c, s] = [b / r, a / r];
  const [one, two] = [d[first]!, d[second]!];
  if (Math.abs((two - one) * c * s) > tolerance) return false;
  rotateRows(z, first * n + low, second * n + low, size, c, s);
  d[first] = one * c * c + two * s * s;
  d[second] = one * s * s + two * c * c;
  return true;
}

/** place[j] ← where row j goes when rows are ordered by side. Returns how many there are of each. */
function arrange({ k, side }: Merge, place: Int32Array): [number, number, number] {
  const counts: [number, number, number] = [0, 0, 0];
  for (let j = 0; j < k; j++) counts[side[j] as 0 | 1 | 2]++;
  const next = [0, counts[0], counts[0] + counts[1]];
  for (let j = 0; j < k; j++) place[j] = next[side[j]!]!++;
  return counts;
}

/** Scratch of {@link divideAndConquer}. */
export const divideAndConquerWorkspace = (n: number): WorkspaceSize =>
  allOf(4 * sizeOfInt32(n), 4 * sizeOfFloat64(n), 3 * sizeOfFloat64(n * n));
