/** A row-major float64 matrix with the four fields of an `ndarray`; the type of generators and matchers. */
export interface Dense {
  readonly data: Float64Array;
  readonly shape: readonly [rows: number, columns: number];
  readonly stride: readonly [row: number, column: number];
  readonly offset: number;
}

/** Any two-dimensional view of numbers. */
export interface View {
  readonly data: ArrayLike<number>;
  readonly shape: ArrayLike<number>;
  readonly stride: ArrayLike<number>;
  readonly offset: number;
}

/** Creates a matrix with elements `element(i, j)`. */
export function dense(rows: number, cols: number, element: (i: number, j: number) => number = () => 0): Dense {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[i * cols + j] = element(i, j);
  return { data, shape: [rows, cols], stride: [cols, 1], offset: 0 };
}

export function element({ data, stride, offset }: View, i: number, j: number): number {
  return data[offset + i * stride[0]! + j * stride[1]!]!;
}

export const copy = (a: View): Dense => dense(a.shape[0]!, a.shape[1]!, (i, j) => element(a, i, j));

export const flip = (a: View): Dense => dense(a.shape[1]!, a.shape[0]!, (i, j) => element(a, j, i));

/** Product a b, by the definition. */
export function times(a: View, b: View): Dense {
  const inner = a.shape[1]!;
  return dense(a.shape[0]!, b.shape[1]!, (i, j) => {
    let sum = 0;
    for (let p = 0; p < inner; p++) sum += element(a, i, p) * element(b, p, j);
    return sum;
  });
}

/** Multiplies column j by factors[j]; further columns are dropped. */
export const scaleColumns = (a: View, factors: ArrayLike<number>): Dense =>
  dense(a.shape[0]!, factors.length, (i, j) => element(a, i, j) * factors[j]!);

/** Converts a matrix to float32. */
export const single = ({ data, ...rest }: Dense): Omit<Dense, "data"> & { readonly data: Float32Array } => ({
  data: Float32Array.from(data),
  ...rest,
});

/** Frobenius norm, scaled to avoid overflow. */
export function frobenius(a: View): number {
  let most = 0;
  for (let i = 0; i < a.shape[0]!; i++) {
    for (let j = 0; j < a.shape[1]!; j++) most = Math.max(most, Math.abs(element(a, i, j)));
  }
  if (most === 0 || !Number.isFinite(most)) return most;
  let sum = 0;
  for (let i = 0; i < a.shape[0]!; i++) for (let j = 0; j < a.shape[1]!; j++) sum += (element(a, i, j) / most) ** 2;
  return most * Math.sqrt(sum);
}

/** Difference a − b. */
export const minus = (a: View, b: View): Dense =>
  dense(a.shape[0]!, a.shape[1]!, (i, j) => element(a, i, j) - element(b, i, j));
