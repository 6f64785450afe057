export { choleskyQR, type GpuQR } from "./cholesky-qr.ts";
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
} from "./elementwise.ts";
export {
  DisposedTensorError,
  GpuError,
  GpuFailureError,
  GpuMemoryError,
  GpuOptionError,
  GpuShapeError,
  LostContextError,
  TooLargeError,
  UnsupportedModeError,
} from "./errors.ts";
export { createGpu, type Gpu, type GpuMemory, type GpuOptions } from "./gpu.ts";
export { addRow, scaleColumns, scaleColumnsInto, scaleRows, scaleRowsInto } from "./lines.ts";
export { gram, type MatmulIntoOptions, type MatmulOptions, matmul, matmulInto } from "./matmul.ts";
export { availableModes, type GpuMode } from "./mode.ts";
export { type SliceRange, slice, transpose, transposeInto } from "./move.ts";
export { newtonSchulz, newtonSchulzInto } from "./newton-schulz.ts";
export { type GpuPolar, polar, polarInto } from "./polar.ts";
export {
  type GpuRangeFinder,
  type GpuRangeFinderOptions,
  type GpuSVD,
  type RandomizedOptions,
  randomizedSvd,
  rangeFinder,
} from "./randomized.ts";
export { columnNorms, columnSums, norm, rowNorms, rowSums, sum } from "./reduce.ts";
export type { GpuTensor } from "./tensor.ts";
