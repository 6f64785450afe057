/** See `Kernels.rmsNorm`. */
export function rmsNorm(
  rows: number,
  dim: number,
  eps: number,
  x: Float32Array,
  xOffset: number,
  weight: Float32Array,
  out: Float32Array,
  outOffset: number,
  inverse: Float32Array,
  inverseOffset: number,
): void {
  for (let r = 0; r < rows; r++) {
    const from = xOffset + r * dim;
    let squares = 0;
    for (let c = 0; c < dim; c++) squares += x[from + c]! ** 2;
    const scale = 1 / Math.sqrt(squares / dim + eps);
    inverse[inverseOffset + r] = scale;
    for (let c = 0; c < dim; c++) out[outOffset + r * dim + c] = x[from + c]! * scale * weight[c]!;
  }
}

/** See `Kernels.rmsNormBackward`. */
export function rmsNormBackward(
  rows: number,
  dim: number,
  x: Float32Array,
  xOffset: number,
  weight: Float32Array,
  inverse: Float32Array,
  inverseOffset: number,
  dOut: Float32Array,
  dOutOffset: number,
  dX: Float32Array,
  dXOffset: number,
): void {
  for (let r = 0; r < rows; r++) {
    const xAt = xOffset + r * dim;
    const dAt = dOutOffset + r * dim;
    const scale = inverse[inverseOffset + r]!;
    let sum = 0;
    for (let c = 0; c < dim; c++) sum += weight[c]! * dOut[dAt + c]! * x[xAt + c]!;
    const pull = (sum / dim) * scale * scale;
    for (let c = 0; c < dim; c++) {
      dX[dXOffset + r * dim + c]! += scale * (weight[c]! * dOut[dAt + c]! - x[xAt + c]! * pull);
    }
  }
}

/** See `Kernels.rmsNormWeightGradient`. */
export function rmsNormWeightGradient(
  rows: number,
  dim: number,
  x: Float32Array,
  inverse: Float32Array,
  dOut: Float32Array,
  dWeight: Float32Array,
): void {
  for (let c = 0; c < dim; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += dOut[r * dim + c]! * x[r * dim + c]! * inverse[r]!;
    dWeight[c] = sum;
  }
}
