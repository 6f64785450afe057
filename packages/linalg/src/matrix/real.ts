/** Element storage: float32 or float64. */
export type Real = Float32Array | Float64Array;
/** Element type of a matrix. */
export type Dtype = "float32" | "float64";

/** The storage of a {@link Dtype}. */
export type RealOf<T extends Dtype> = T extends "float32" ? Float32Array : Float64Array;

/** The element type, `undefined` if it is neither float32 nor float64. Works across realms, where `instanceof` does not. */
export function dtypeOf(data: Real): Dtype | undefined {
  const tag = (data as Partial<Real> | undefined)?.[Symbol.toStringTag];
  return tag === "Float32Array" ? "float32" : tag === "Float64Array" ? "float64" : undefined;
}
