/** See `Kernels.crossEntropy`. */
export function crossEntropy(
  rows: number,
  vocab: number,
  scale: number,
  logits: Float32Array,
  logitsOffset: number,
  targets: Int32Array,
  targetsOffset: number,
  losses: Float64Array,
  lossesOffset: number,
): void {
  for (let r = 0; r < rows; r++) {
    const row = logits.subarray(logitsOffset + r * vocab, logitsOffset + (r + 1) * vocab);
    const target = targets[targetsOffset + r]!;
    const top = row.reduce((most, x) => Math.max(most, x), -Infinity);
    const sum = row.reduce((total, x) => total + Math.exp(x - top), 0);
    losses[lossesOffset + r] = top - row[target]! + Math.log(sum);
    for (let j = 0; j < vocab; j++) row[j] = scale * (Math.exp(row[j]! - top) / sum - (j === target ? 1 : 0));
  }
}
