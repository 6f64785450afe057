import { NotConvergedError } from "../errors.ts";
import { sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";

const EPS = Number.EPSILON;
/** Transforms for each value: far above the three or so that one takes. */
const MAX_TRANSFORMS = 30;
/** Factor by which the last q must exceed the first for the array to be reversed: small values come out at the end in fewer transforms. */
const REVERSED = 1.5;

/** Squares of a bidiagonal matrix: of its diagonal, and of the elements right of it. */
interface QdArray {
  readonly q: Float64Array;
  readonly e: Float64Array;
  /** Near the least value of the rows before the last two, as the last transform saw it; 0 if nothing is known. */
  rest: number;
}

/** Rows first … last of the array, from whose squared values `shift` was taken. */
interface Segment {
  readonly first: number;
  readonly last: number;
  readonly shift: number;
}

/**
 * Singular values of the upper bidiagonal matrix of order n with the squares q of its diagonal and e of the elements right of it, by the
 * differential quotient-difference algorithm with shifts, without square roots inside. On exit `q` holds the values, descending; `e`, which has n elements, is spoiled.
 *
 * Accuracy: n ε beside the largest value. Cost: about 3 n² divisions.
 *
 * @throws {NotConvergedError}
 * @see Fernando and Parlett, Accurate singular values and differential qd algorithms (1994). Deviates: the shift is the lower bound that the
 * last two rows give (Parlett, The Symmetric Eigenvalue Problem (1998), §11.5), reduced where it proves too large.
 */
export function dqdsValues(operation: string, n: number, q: Float64Array, e: Float64Array, work: Workspace): void {
  work.scope(() => {
    let from: QdArray = { q, e, rest: 0 };
    let to: QdArray = { q: work.float64(n), e: work.float64(n), rest: 0 };
    const values = work.float64(n);
    const negligible = EPS ** 2 * largestSum(n, q, e);
    const segments: Segment[] = n === 0 ? [] : [{ first: 0, last: n - 1, shift: 0 }];
    let transforms = 0;
    for (let segment = segments.pop(); segment !== undefined; segment = segments.pop()) {
      let { first, last } = segment;
      let shift = segment.shift;
      let lost = 0; // what the sum of the shifts has lost to rounding
      for (;;) {
        while (last > first && from.e[last - 1]! <= negligible) values[last] = from.q[last--]! + shift;
        if (last === first) break;
        const split = splitBefore(from.e, first, last, negligible);
        if (split > first) {
          segments.push({ first, last: split - 1, shift });
          copy(from, to, first, split);
        }
        first = split;
        if (from.q[first]! * REVERSED < from.q[last]!) reverse(from, first, last);
        if (++transforms > MAX_TRANSFORMS * n) {
          throw new NotConvergedError(operation, { iterations: transforms, residual: Math.sqrt(from.e[last - 1]!) });
        }
        const taken = transform(from, to, first, last, shiftOf(from, first, last));
        [from, to] = [to, from];
        const sum = shift + (taken - lost);
        lost = sum - shift - (taken - lost);
        shift = sum;
      }
      values[first] = from.q[first]! + shift;
    }
    for (let i = 0; i < n; i++) values[i] = Math.sqrt(values[i]!);
    q.set(values.sort().reverse());
  });
}

/** Scratch of {@link dqdsValues}. */
export const dqdsWorkspace = (n: number): WorkspaceSize => 3 * sizeOfFloat64(n);

/** `to` ← the array whose values are those of `from` less a shift, which is returned: `wanted`, or a smaller one where that exceeds the least value. */
function transform(from: QdArray, to: QdArray, first: number, last: number, wanted: number): number {
  let shift = wanted;
  for (let attempt = 0; ; attempt++) {
    const left = tryShift(from, to, first, last, shift);
    if (left >= 0) return shift;
    // What only the last row lacks is near what the shift exceeds the least value by.
    if (attempt === 0 && left > -shift) shift += left;
    else shift = attempt < 2 ? shift / 4 : 0;
  }
}

/** The transform with one shift. Returns the last q: negative if the shift was too large, −∞ if a row before the last shows it. */
function tryShift(from: QdArray, to: QdArray, first: number, last: number, shift: number): number {
  let d = from.q[first]! - shift;
  let rest = Infinity;
  for (let i = first; i < last; i++) {
    if (d < 0) return -Infinity;
    if (i < last - 1 && d < rest) rest = d;
    const sum = d + from.e[i]!;
    const ratio = from.q[i + 1]! / sum;
    to.q[i] = sum;
    to.e[i] = from.e[i]! * ratio;
    d = d * ratio - shift;
  }
  to.q[last] = d;
  to.rest = rest;
  return d;
}

/** The least value of the last two rows, less what their coupling to the others can take from it. */
function shiftOf({ q, e, rest }: QdArray, first: number, last: number): number {
  const [q1, e1, q2] = [q[last - 1]!, e[last - 1]!, q[last]!];
  const [q0, e0] = last - 1 > first ? [q[last - 2]!, e[last - 2]!] : [0, 0];
  const [upper, lower, offSquare] = [q1 + e0, q2 + e1, q1 * e1];
  const larger = 0.5 * (upper + lower + Math.sqrt((upper - lower) ** 2 + 4 * offSquare));
  const least = (q1 * q2 + e0 * (q2 + e1)) / larger;
  // Of the second last row in the vector; where the two are apart, as if it were all of it.
  const share = offSquare > 0 ? offSquare / (offSquare + (upper - least) ** 2) : 1;
  const coupling = q0 * e0 * share;
  const gap = 0.75 * rest - least;
  return Math.max(0, least - (gap > 0 ? Math.min(Math.sqrt(coupling), coupling / gap) : Math.sqrt(coupling)));
}

/** First row of the unreduced block that ends in `last`. */
function splitBefore(e: Float64Array, first: number, last: number, negligible: number): number {
  let i = last;
  while (i > first && e[i - 1]! > negligible) i--;
  return i;
}

/** The array read from its end has the same values. */
function reverse({ q, e }: QdArray, first: number, last: number): void {
  q.subarray(first, last + 1).reverse();
  e.subarray(first, last).reverse();
}

function copy(from: QdArray, to: QdArray, start: number, end: number): void {
  to.q.set(from.q.subarray(start, end), start);
  to.e.set(from.e.subarray(start, end), start);
}

function largestSum(n: number, q: Float64Array, e: Float64Array): number {
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, q[i]! + (i < n - 1 ? e[i]! : 0));
  return most;
}
