export { cholesky, choleskyInto, choleskyWorkspace } from "./cholesky.ts";
export { cond, condWorkspace, matrixRank, matrixRankWorkspace } from "./cond.ts";
export { det, detWorkspace } from "./det.ts";
export { type Eigh, type EighOptions, type EighOut, eigh, eighInto, eighWorkspace, eigvalsh } from "./eigh.ts";
export { currentEngine, useEngine } from "./engine/current.ts";
export type { Engine } from "./engine/engine.ts";
export { createReferenceEngine } from "./engine/reference/reference-engine.ts";
export {
  createThreadedEngine,
  type ThreadedEngine,
  type ThreadedEngineOptions,
} from "./engine/threads/threaded-engine.ts";
export { instantiateKernels } from "./engine/wasm/instantiate.ts";
export { createWasmEngine } from "./engine/wasm/wasm-engine.ts";
export {
  DtypeError,
  LinalgError,
  NonFiniteError,
  NotConvergedError,
  OptionError,
  ShapeError,
  SingularError,
  UnsupportedError,
  WorkspaceError,
} from "./errors.ts";
export { type GramOptions, gram, gramInto, gramWorkspace } from "./gram.ts";
export { Heap, type HeapOptions } from "./heap.ts";
export { inv, invInto, invWorkspace } from "./inv.ts";
export { type Lstsq, type LstsqOut, lstsq, lstsqInto, lstsqWorkspace } from "./lstsq.ts";
export { type MatmulIntoOptions, type MatmulOptions, matmul, matmulInto, matmulWorkspace } from "./matmul.ts";
export {
  type Dtype,
  fromRows,
  identity,
  type Matrix,
  type MatrixLike,
  type MatrixOptions,
  matrix,
  type Real,
  type RealOf,
  transpose,
  type Vector,
  zeros,
} from "./matrix.ts";
export { newtonSchulz, newtonSchulzInto, newtonSchulzWorkspace } from "./newton-schulz.ts";
export {
  type NewtonSchulzCoefficients,
  type NewtonSchulzOptions,
  type NewtonSchulzSchedule,
  type NewtonSchulzStep,
  newtonSchulzSchedule,
} from "./newton-schulz-coefficients.ts";
export { type NormKind, norm, normWorkspace } from "./norm.ts";
export { nullspace, nullspaceInto, nullspaceWorkspace } from "./nullspace.ts";
export { orth, orthInto, orthWorkspace } from "./orth.ts";
export { pinv, pinvInto, pinvWorkspace } from "./pinv.ts";
export { type Polar, type PolarOptions, type PolarOut, polar, polarInto, polarWorkspace } from "./polar.ts";
export { type PolarExpressOptions, polarExpressCoefficients } from "./polar-express.ts";
export { type QR, type QROptions, type QROut, qr, qrInto, qrWorkspace } from "./qr.ts";
export { fillNormal, fillUniform, type RandomKey } from "./random.ts";
export {
  type RandomizedSvdOptions,
  type RandomizedSvdOut,
  randomizedSvd,
  randomizedSvdInto,
  randomizedSvdWorkspace,
} from "./randomized-svd.ts";
export {
  type RangeFinder,
  type RangeFinderOptions,
  type RangeFinderOut,
  rangeFinder,
  rangeFinderInto,
  rangeFinderWorkspace,
} from "./range-finder.ts";
export type { ToleranceOptions } from "./scaled-svd.ts";
export { solve, solveInto, solveWorkspace } from "./solve.ts";
export {
  type SolveTriangularOptions,
  solveTriangular,
  solveTriangularInto,
  solveTriangularWorkspace,
} from "./solve-triangular.ts";
export type { RangeFinderSettings } from "./subspace-iteration.ts";
export { type SVD, type SVDOptions, type SVDOut, svd, svdInto, svdvals, svdWorkspace } from "./svd.ts";
export { allOf, anyOf, sizeOfFloat32, sizeOfFloat64, Workspace, type WorkspaceSize } from "./workspace.ts";
