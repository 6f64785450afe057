const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** See `Kernels.swiglu`. */
export function swiglu(
  rows: number,
  hidden: number,
  gateUp: Float32Array,
  gateUpOffset: number,
  out: Float32Array,
  outOffset: number,
): void {
  for (let r = 0; r < rows; r++) {
    const gate = gateUpOffset + 2 * r * hidden;
    for (let c = 0; c < hidden; c++) {
      const g = gateUp[gate + c]!;
      out[outOffset + r * hidden + c] = g * sigmoid(g) * gateUp[gate + hidden + c]!;
    }
  }
}

/** See `Kernels.swigluBackward`. */
export function swigluBackward(
  rows: number,
  hidden: number,
  gateUp: Float32Array,
  gateUpOffset: number,
  out: Float32Array,
  outOffset: number,
): void {
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
}
