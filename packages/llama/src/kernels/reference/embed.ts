import type { Kernels } from "../kernels.ts";

export const embed: Kernels["embed"] = (rows, dim, table, tokens, tokensOffset, out, outOffset) => {
  for (let r = 0; r < rows; r++) {
    const from = tokens[tokensOffset + r]! * dim;
    out.set(table.subarray(from, from + dim), outOffset + r * dim);
  }
};

export const embedGradient: Kernels["embedGradient"] = (rows, dim, tokens, dOut, dTable) => {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < dim; c++) dTable[tokens[r]! * dim + c]! += dOut[r * dim + c]!;
  }
};
