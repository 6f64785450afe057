import type { Kernels } from "../kernels.ts";

export const crossEntropy: Kernels["crossEntropy"] = (
  rows,
  vocab,
  scale,
  logits,
  logitsOffset,
  targets,
  targetsOffset,
  losses,
  lossesOffset,
) => {
  for (let r = 0; r < rows; r++) {
    const row = logits.subarray(logitsOffset + r * vocab, logitsOffset + (r + 1) * vocab);
    const target = targets[targetsOffset + r]!;
    if (target < 0) {
      losses[lossesOffset + r] = 0;
      row.fill(0);
      continue;
    }
    const top = row.reduce((most, x) => Math.max(most, x), -Infinity);
    const sum = row.reduce((total, x) => total + Math.exp(x - top), 0);
    losses[lossesOffset + r] = top - row[target]! + Math.log(sum);
    for (let j = 0; j < vocab; j++) row[j] = scale * (Math.exp(row[j]! - top) / sum - (j === target ? 1 : 0));
  }
};
