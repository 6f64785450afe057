export { currentEngine, useEngine } from "./engine/current.ts";
export type { Engine } from "./engine/engine.ts";
export { createReferenceEngine } from "./engine/reference/reference-engine.ts";
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
export {
  type NewtonSchulzCoefficients,
  type NewtonSchulzOptions,
  type NewtonSchulzStep,
  newtonSchulz,
  newtonSchulzInto,
  newtonSchulzWorkspace,
} from "./newton-schulz.ts";
export { type Polar, type PolarOptions, type PolarOut, polar, polarInto, polarWorkspace } from "./polar.ts";
export { fillNormal, fillUniform, type RandomKey } from "./random.ts";
export {
  type RangeFinder,
  type RangeFinderOptions,
  type RangeFinderOut,
  type RangeFinderSettings,
  rangeFinder,
  rangeFinderInto,
  rangeFinderWorkspace,
} from "./range-finder.ts";
export { allOf, anyOf, sizeOfFloat32, sizeOfFloat64, Workspace, type WorkspaceSize } from "./workspace.ts";
