export { describeBits } from "./engine-suite/bits.ts";
export { describeEngine } from "./engine-suite/index.ts";
export { addMatrixMatchers } from "./matchers.ts";
export {
  copy,
  type Dense,
  dense,
  element,
  flip,
  frobenius,
  minus,
  scaleColumns,
  single,
  times,
  type View,
} from "./matrices/dense.ts";
export { determinant, eigenvaluesBelow, exactPolar } from "./matrices/exact.ts";
export {
  companion,
  cycle,
  frank,
  grcar,
  hilbert,
  jordan,
  kahan,
  lauchli,
  secondDifference,
  wilkinson,
} from "./matrices/famous.ts";
export {
  LAPACK_SIZES,
  lapackMatrices,
  lapackSymmetricMatrices,
  type NamedMatrix,
  ULP,
  withEigenvalues,
  withSingularValues,
} from "./matrices/lapack.ts";
export { TestRandom } from "./matrices/random.ts";
export { type Strided, type StridedOptions, strided } from "./strided.ts";
