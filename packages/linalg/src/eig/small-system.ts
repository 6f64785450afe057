/** Order of the largest: a 2 × 2 block less a complex shift in real numbers, or a Sylvester equation of two 2 × 2 blocks. */
const LARGEST_ORDER = 4;

/** A linear system of order 4 at most. */
export interface SmallSystem {
  /** Packed k × k; spoiled by the solution. */
  readonly matrix: Float64Array;
  /** Right-hand side; spoiled by the solution. */
  readonly right: Float64Array;
  readonly solution: Float64Array;
  /** Order of the columns after their exchanges. */
  readonly order: Int32Array;
}

export const createSmallSystem = (): SmallSystem => ({
  matrix: new Float64Array(LARGEST_ORDER ** 2),
  right: new Float64Array(LARGEST_ORDER),
  solution: new Float64Array(LARGEST_ORDER),
  order: new Int32Array(LARGEST_ORDER),
});

/**
 * Solves a system of order k by elimination with complete pivoting. A pivot below `least` is replaced by it, which changes the matrix
 * by no more than that: the solution may be as large as the right-hand side over `least`, times a small number.
 */
export function solveSmall(k: number, { matrix: m, right, solution, order }: SmallSystem, least: number): void {
  for (let j = 0; j < k; j++) order[j] = j;
  for (let p = 0; p < k; p++) {
    movePivot(k, m, right, order, p);
    const at = p * k + p;
    if (Math.abs(m[at]!) < least) m[at] = least;
    for (let i = p + 1; i < k; i++) {
      const factor = m[i * k + p]! / m[at]!;
      for (let j = p + 1; j < k; j++) m[i * k + j]! -= factor * m[p * k + j]!;
      right[i]! -= factor * right[p]!;
    }
  }
  for (let i = k - 1; i >= 0; i--) {
    let sum = right[i]!;
    for (let j = i + 1; j < k; j++) sum -= m[i * k + j]! * solution[order[j]!]!;
    solution[order[i]!] = sum / m[i * k + i]!;
  }
}

/** Exchanges rows and columns from p on so that the largest element comes to the diagonal. */
function movePivot(k: number, m: Float64Array, right: Float64Array, order: Int32Array, p: number): void {
  let [row, column] = [p, p];
  for (let i = p; i < k; i++) {
    for (let j = p; j < k; j++) {
      if (Math.abs(m[i * k + j]!) > Math.abs(m[row * k + column]!)) [row, column] = [i, j];
    }
  }
  for (let j = p; j < k; j++) swap(m, row * k + j, p * k + j);
  for (let i = 0; i < k; i++) swap(m, i * k + column, i * k + p);
  swap(right, row, p);
  swap(order, column, p);
}

function swap(x: Float64Array | Int32Array, i: number, j: number): void {
  const value = x[i]!;
  x[i] = x[j]!;
  x[j] = value;
}
