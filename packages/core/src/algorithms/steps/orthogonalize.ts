import type {
  Backend,
  BackendSizes,
  NewtonSchulzCoefficients,
  NewtonSchulzOptions,
  PolarInfo,
  Scratch,
} from "../../backend/backend.ts";

/** Method of orthogonalization. Newton–Schulz coefficients are for devices without float64, and inaccurate for ill-conditioned moments. */
export type Orthogonalize = "exact" | NewtonSchulzCoefficients | NewtonSchulzOptions;

/** Machine epsilon of float32: singular values of a float32 moment below this share of σ₁ are rounding noise. */
const EPS32 = 2 ** -23;

/**
 * Algorithm 1, step 3: x ← U Vᵀ, where x = U S Vᵀ: the nearest matrix with orthonormal rows (columns, if tall).
 * Exact by default; directions below `EPS32 · max(rows, cols)` of the largest contribute nothing, so zero stays zero.
 */
export function orthogonalize<T>(
  backend: Backend<T, never>,
  x: T,
  rows: number,
  cols: number,
  method: Orthogonalize,
  scratch: Scratch<T>,
): PolarInfo {
  const approximate = newtonSchulzOptions(method);
  if (approximate === undefined) return backend.polar(x, x, scratch, { tolerance: EPS32 * Math.max(rows, cols) });
  backend.newtonSchulz(x, x, scratch, approximate);
  return {};
}

/** Bytes of scratch for an orthogonalization and for the measurement that follows it, in the same memory. */
export function orthogonalizeBytes(rows: number, cols: number, method: Orthogonalize, sizes: BackendSizes): number {
  const approximate = newtonSchulzOptions(method);
  const small = Math.min(rows, cols);
  const measure = 2 * sizes.matrix(small, small);
  const compute = approximate ? sizes.newtonSchulz(rows, cols, approximate) : sizes.polar(rows, cols);
  return Math.max(measure, compute);
}

/** Checks the option. @returns the expected value in words, or `undefined` if `value` is valid. */
export function checkOrthogonalize(value: unknown): string | undefined {
  const sets: readonly unknown[] = ["exact", "muon", "classical", "polar-express", "cans"];
  if (sets.includes(value)) return undefined;
  if (Array.isArray(value)) {
    return value.length > 0 && value.every(isTriple) ? undefined : "a list of [a, b, c]";
  }
  if (typeof value === "object" && value !== null) {
    const { coefficients, steps } = value as Partial<NewtonSchulzOptions>;
    const stepsFit = steps === undefined || (Number.isInteger(steps) && steps >= 1);
    if (coefficients !== undefined && (coefficients as unknown) !== "exact" && stepsFit)
      return checkOrthogonalize(coefficients);
  }
  return `${sets.map((name) => JSON.stringify(name)).join(", ")}, a list of [a, b, c], or { coefficients, steps }`;
}

const isTriple = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every((x) => typeof x === "number" && Number.isFinite(x));

/** Normalizes Newton–Schulz options; `undefined` for the exact polar factor. */
function newtonSchulzOptions(orthogonalize: Orthogonalize): NewtonSchulzOptions | undefined {
  if (orthogonalize === "exact") return undefined;
  return typeof orthogonalize === "object" && "coefficients" in orthogonalize
    ? orthogonalize
    : { coefficients: orthogonalize };
}
