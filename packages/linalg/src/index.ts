export { describe, type OptionKinds, optionFault } from "./arguments.ts";
export {
  type Eig,
  type Eigenvalues,
  type EigOut,
  eig,
  eigInto,
  eigvals,
  eigWorkspace,
} from "./eig/eig.ts";
export {
  type Hessenberg,
  type HessenbergOut,
  hessenberg,
  hessenbergInto,
  hessenbergWorkspace,
} from "./eig/hessenberg.ts";
export { type Schur, type SchurOut, schur, schurInto, schurWorkspace } from "./eig/schur.ts";
export { type Eigh, type EighOptions, type EighOut, eigh, eighInto, eighWorkspace, eigvalsh } from "./eigh/eigh.ts";
export { eighGeneralized } from "./eigh/eigh-generalized.ts";
export { currentEngine, useEngine } from "./engine/current.ts";
export type { Engine } from "./engine/engine.ts";
export { Heap, type HeapOptions } from "./engine/heap.ts";
export { createReferenceEngine } from "./engine/reference/reference-engine.ts";
export {
  createThreadedEngine,
  type ThreadedEngine,
  type ThreadedEngineOptions,
} from "./engine/threads/threaded-engine.ts";
export { instantiateKernels, instantiateModule } from "./engine/wasm/instantiate.ts";
export { createWasmEngine } from "./engine/wasm/wasm-engine.ts";
export {
  ArgumentError,
  DomainError,
  DtypeError,
  LinalgError,
  NonFiniteError,
  NotConvergedError,
  OptionError,
  OverflowError,
  ShapeError,
  SingularError,
  UnsupportedError,
  WorkspaceError,
} from "./errors.ts";
export { type CholeskyFactor, choleskyFactor } from "./factors/cholesky-factor.ts";
export { type LDL, ldl } from "./factors/ldl.ts";
export { type LU, lu } from "./factors/lu.ts";
export { type LuFactor, luFactor } from "./factors/lu-factor.ts";
export { type QrFactor, qrFactor } from "./factors/qr-factor.ts";
export { type SvdFactor, svdFactor } from "./factors/svd-factor.ts";
export { cond, condWorkspace, matrixRank, matrixRankWorkspace } from "./from-svd/cond.ts";
export { type Lstsq, type LstsqOut, lstsq, lstsqInto, lstsqWorkspace } from "./from-svd/lstsq.ts";
export { nullspace, nullspaceInto, nullspaceWorkspace } from "./from-svd/nullspace.ts";
export { orth, orthInto, orthWorkspace } from "./from-svd/orth.ts";
export { pinv, pinvInto, pinvWorkspace } from "./from-svd/pinv.ts";
export { subspaceAngles } from "./from-svd/subspace-angles.ts";
export { expm, expmInto, expmWorkspace } from "./functions/expm.ts";
export { logm, logmInto, logmWorkspace } from "./functions/logm.ts";
export { sqrtm, sqrtmInto, sqrtmWorkspace } from "./functions/sqrtm.ts";
export { type DiagonalOptions, diag, trace, tril, triu } from "./matrix/diagonal.ts";
export {
  fromRows,
  identity,
  type Matrix,
  type MatrixLike,
  type MatrixOptions,
  matrix,
  transpose,
  type Vector,
  zeros,
} from "./matrix/matrix.ts";
export type { Dtype, Real, RealOf } from "./matrix/real.ts";
export { type EyeOptions, eye, ones } from "./matrix/special.ts";
export { hstack, vstack } from "./matrix/stack.ts";
export { toRows } from "./matrix/to-rows.ts";
export type { TriangleOptions } from "./matrix/triangle.ts";
export type { VectorLike } from "./matrix/vector.ts";
export { allOf, anyOf, sizeOfFloat32, sizeOfFloat64, Workspace, type WorkspaceSize } from "./memory/workspace.ts";
export { type EigshOptions, eigsh } from "./operators/eigsh.ts";
export type { KrylovOptions } from "./operators/krylov.ts";
export type { Operator, SymmetricOperator } from "./operators/operator.ts";
export { svds } from "./operators/svds.ts";
export {
  type NewtonSchulzCoefficients,
  type NewtonSchulzOptions,
  type NewtonSchulzSchedule,
  newtonSchulzSchedule,
} from "./polar/coefficients.ts";
export { newtonSchulz, newtonSchulzInto, newtonSchulzWorkspace } from "./polar/newton-schulz.ts";
export type { NewtonSchulzStep } from "./polar/newton-schulz-step.ts";
export { type Polar, type PolarOptions, type PolarOut, polar, polarInto, polarWorkspace } from "./polar/polar.ts";
export { type PolarExpressOptions, polarExpressCoefficients } from "./polar/polar-express.ts";
export { add, multiply, scale, subtract } from "./products/elementwise.ts";
export { type GramOptions, gram, gramInto, gramWorkspace } from "./products/gram.ts";
export { columnNorms, rowNorms } from "./products/line-norms.ts";
export { type MatmulIntoOptions, type MatmulOptions, matmul, matmulInto, matmulWorkspace } from "./products/matmul.ts";
export { matrixPower } from "./products/matrix-power.ts";
export { multiDot } from "./products/multi-dot.ts";
export { type NormKind, norm, normWorkspace } from "./products/norm.ts";
export { kron, outer } from "./products/outer.ts";
export { type QR, type QROptions, type QROut, qr, qrInto, qrWorkspace } from "./qr/qr.ts";
export { fillNormal, fillUniform, type RandomKey } from "./sketch/random.ts";
export {
  type RandomizedSvdOptions,
  type RandomizedSvdOut,
  randomizedSvd,
  randomizedSvdInto,
  randomizedSvdWorkspace,
} from "./sketch/randomized-svd.ts";
export {
  type RangeFinder,
  type RangeFinderOptions,
  type RangeFinderOut,
  rangeFinder,
  rangeFinderInto,
  rangeFinderWorkspace,
} from "./sketch/range-finder.ts";
export type { RangeFinderSettings } from "./sketch/subspace-iteration.ts";
export { cholesky, choleskyInto, choleskyWorkspace } from "./solve/cholesky.ts";
export { det, detWorkspace, type Slogdet, slogdet } from "./solve/det.ts";
export { inv, invInto, invWorkspace } from "./solve/inv.ts";
export { solve, solveInto, solveWorkspace } from "./solve/solve.ts";
export {
  type SolveTriangularOptions,
  solveTriangular,
  solveTriangularInto,
  solveTriangularWorkspace,
} from "./solve/solve-triangular.ts";
export { type SVD, type SVDOptions, type SVDOut, svd, svdInto, svdvals, svdWorkspace } from "./svd/svd.ts";
export type { ToleranceOptions } from "./svd/tolerance.ts";
