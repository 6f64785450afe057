import type { Kernels } from "../kernels.ts";

export const rmsNorm: Kernels["rmsNorm"] = (
  rows,
  dim,
  eps,
  x,
  xOffset,
  weight,
  out,
  outOffset,
  inverse,
  inverseOffset,
) => {
  for (let r = 0; r < rows; r++) {
    const from = xOffset + r * dim;
    let squares = 0;
    for (let c = 0; c < dim; c++) squares += x[from + c]! ** 2;
    const scale = 1 / Math.sqrt(squares / dim + eps);
    inverse[inverseOffset + r] = scale;
    for (let c = 0; c < dim; c++) out[outOffset + r * dim + c] = x[from + c]! * scale * weight[c]!;
  }
};

export const rmsNormBackward: Kernels["rmsNormBackward"] = (
  rows,
  dim,
  x,
  xOffset,
  weight,
  inverse,
  inverseOffset,
  dOut,
  dOutOffset,
  dX,
  dXOffset,
) => {
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
};

export const rmsNormWeightGradient: Kernels["rmsNormWeightGradient"] = (rows, dim, x, inverse, dOut, dWeight) => {
  for (let c = 0; c < dim; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += dOut[r * dim + c]! * x[r * dim + c]! * inverse[r]!;
    dWeight[c] = sum;
  }
};
