export { choleskyQR, type GpuQR } from "./decompositions/cholesky-qr.ts";
export { newtonSchulz, newtonSchulzInto } from "./decompositions/newton-schulz.ts";
export { type GpuPolar, polar, polarInto } from "./decompositions/polar.ts";
export {
  type GpuRangeFinder,
  type GpuRangeFinderOptions,
  type GpuSVD,
  type RandomizedOptions,
  randomizedSvd,
  rangeFinder,
} from "./decompositions/randomized.ts";
export { availableModes, type GpuMode } from "./device/mode.ts";
export {
  DisposedTensorError,
  GpuArgumentError,
  GpuError,
  GpuFailureError,
  GpuMemoryError,
  GpuOptionError,
  GpuShapeError,
  LostContextError,
  TooLargeError,
  UnsupportedModeError,
} from "./errors.ts";
export {
  add,
  axpbyInto,
  multiply,
  relu,
  reluBackward,
  scale,
  scaledAdd,
  subtract,
  tanh,
  tanhBackward,
} from "./operations/elementwise.ts";
export { addRow, scaleColumns, scaleColumnsInto, scaleRows, scaleRowsInto } from "./operations/lines.ts";
export { gram, type MatmulIntoOptions, type MatmulOptions, matmul, matmulInto } from "./operations/matmul.ts";
export { type SliceRange, slice, transpose, transposeInto } from "./operations/move.ts";
export { columnNorms, columnSums, norm, rowNorms, rowSums, sum } from "./operations/reduce.ts";
export { createGpu, type Gpu, type GpuMemory, type GpuOptions } from "./tensor/gpu.ts";
export type { GpuTensor } from "./tensor/tensor.ts";
