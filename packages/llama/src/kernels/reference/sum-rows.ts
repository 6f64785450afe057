import type { Kernels } from "../kernels.ts";

export const sumRows: Kernels["sumRows"] = (rows, width, x, out) => {
  for (let c = 0; c < width; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += x[r * width + c]!;
    out[c] = sum;
  }
};
