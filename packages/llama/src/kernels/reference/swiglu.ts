import type { Kernels } from "../kernels.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const swiglu: Kernels["swiglu"] = (rows, hidden, gateUp, gateUpOffset, out, outOffset) => {
  for (let r = 0; r < rows; r++) {
    const gate = gateUpOffset + 2 * r * hidden;
    for (let c = 0; c < hidden; c++) {
      const g = gateUp[gate + c]!;
      out[outOffset + r * hidden + c] = g * sigmoid(g) * gateUp[gate + hidden + c]!;
    }
  }
};

export const swigluBackward: Kernels["swigluBackward"] = (rows, hidden, gateUp, gateUpOffset, out, outOffset) => {
  for (let r = 0; r < rows; r++) {
    const gate = gateUpOffset + 2 * r * hidden;
    for (let c = 0; c < hidden; c++) {
      const g = gateUp[gate + c]!;
      const up = gateUp[gate + hidden + c]!;
      const d = out[outOffset + r * hidden + c]!;
      const s = sigmoid(g);
      gateUp[gate + c] = d * up * s * (1 + g * (1 - s));
      gateUp[gate + hidden + c] = d * g * s;
      out[outOffset + r * hidden + c] = g * s * up;
    }
  }
};
