/** See `Kernels.embed`. */
export function embed(
  rows: number,
  dim: number,
  table: Float32Array,
  tokens: Int32Array,
  tokensOffset: number,
  out: Float32Array,
  outOffset: number,
): void {
  for (let r = 0; r < rows; r++) {
    const from = tokens[tokensOffset + r]! * dim;
    out.set(table.subarray(from, from + dim), outOffset + r * dim);
  }
}

/** See `Kernels.embedGradient`. */
export function embedGradient(
  rows: number,
  dim: number,
  tokens: Int32Array,
  dOut: Float32Array,
  dTable: Float32Array,
): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < dim; c++) dTable[tokens[r]! * dim + c]! += dOut[r * dim + c]!;
  }
}
