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
export { columnNorms, columnSums, norm, rowNorms, rowSums, sum } from "./reduce.ts";
export type { GpuTensor } from "./tensor.ts";
