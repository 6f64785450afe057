import fc from "fast-check";

type Storage = Float32Array | Float64Array;

/** A matrix view with the fields of an `ndarray`, and its surrounding elements. */
export interface Strided {
  readonly data: Storage;
  readonly shape: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly offset: number;
}

export interface StridedOptions {
  readonly dtype: "float32" | "float64";
  /** Whether to generate strides of zero, which repeat a row or a column. */
  readonly repeats?: boolean;
  /** Default: whole numbers from −9 to 9, so that short sums are exact in either dtype. */
  readonly element?: fc.Arbitrary<number>;
}

/**
 * Generates `rows × cols` views of any strides (row-major, column-major, with gaps, negative, and zero with `repeats`), with NaN between
 * and around their elements.
 */
export function strided(
  rows: number,
  cols: number,
  { dtype, repeats = false, element = fc.integer({ min: -9, max: 9 }) }: StridedOptions,
): fc.Arbitrary<Strided> {
  const axis = fc.record({ step: fc.integer({ min: repeats ? 0 : 1, max: 3 }), backwards: fc.boolean() });
  const place = fc.record({ byRows: fc.boolean(), gap: fc.nat(3), margin: fc.nat(4), fast: axis, slow: axis });
  const values = fc.array(element, { minLength: rows * cols, maxLength: rows * cols });
  return fc.tuple(place, values).map(([{ byRows, gap, margin, fast, slow }, elements]) => {
    const [fastLength, slowLength] = byRows ? [cols, rows] : [rows, cols];
    const near = fast.step * (fast.backwards ? -1 : 1);
    // A stride of zero repeats the line; any other skips the whole line.
    const far = Math.min(1, slow.step) * (Math.max(1, fast.step * fastLength) + gap) * (slow.backwards ? -1 : 1);
    const [rowStride, colStride] = byRows ? [far, near] : [near, far];
    const reach = (length: number, stride: number): number => Math.max(0, length - 1) * Math.abs(stride);
    const back = (length: number, stride: number): number => (stride < 0 ? reach(length, stride) : 0);
    const offset = margin + back(rows, rowStride) + back(cols, colStride);
    const length = 2 * margin + reach(fastLength, near) + reach(slowLength, far) + 1;
    const data = (dtype === "float32" ? new Float32Array(length) : new Float64Array(length)).fill(Number.NaN);
    elements.forEach((value, at) => {
      data[offset + Math.floor(at / cols) * rowStride + (at % cols) * colStride] = value;
    });
    return { data, shape: [rows, cols], stride: [rowStride, colStride], offset };
  });
}
