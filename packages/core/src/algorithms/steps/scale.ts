import { OptimizerOptionError } from "../../errors.ts";

/** Axis of a weight's outputs: the first (`[out, in]`, PyTorch), or the last (`[in, out]`, TensorFlow and JAX). */
export type Layout = "out-in" | "in-out";

/**
 * Scale of an orthogonalized m × n update with r directions:
 * `rms`: 0.2 √(mn/r), every update has root mean square 0.2; `adam`: 1.5 √(mn/r) times the gradients' agreement (`agreement.ts`), so that an
 * update is as large as Adam's and its learning rates carry over; `paper`: alpha √max(m, n); `spectral`: √(outputs/inputs); `none`: 1.
 * Jordan's Muon has √max(1, outputs/inputs): `spectral` where there are at least as many outputs as inputs, else `none`.
 */
export type Scale = (typeof SCALES)[number];

export const SCALES = ["rms", "adam", "paper", "spectral", "none"] as const;

/**
 * Root mean square of an update before the learning rate. AdamW's is measured at 0.2 to 0.4 in language models, where gradients are noisy (Liu et
 * al. 2025, Moonlight, §2.2), and up to 1 where they agree from step to step, as in small networks. The factor of `adam` is that with which most
 * of ten such networks end below Adam (`bench/tfjs`).
 */
const UPDATE_RMS = { rms: 0.2, adam: 1.5 } as const;

/** Factor of an orthogonalized update with `rank` unit singular values: a norm of √rank over rows · cols elements. */
export function updateScale(
  settings: { readonly scale: Scale; readonly alpha: number },
  rows: number,
  cols: number,
  rank: number,
  layout: Layout,
): number {
  if (![rows, cols, rank].every((size) => typeof size === "number" && size > 0)) {
    throw new OptimizerOptionError("shape", "rows, columns and a rank above 0", [rows, cols, rank]);
  }
  const { scale, alpha } = settings ?? {};
  if (layout !== "out-in" && layout !== "in-out") {
    throw new OptimizerOptionError("layout", '"out-in" or "in-out"', layout);
  }
  if (scale === "paper" && !Number.isFinite(alpha)) throw new OptimizerOptionError("alpha", "a finite number", alpha);
  switch (scale) {
    case "rms":
    case "adam":
      return UPDATE_RMS[scale] * Math.sqrt((rows * cols) / rank);
    case "paper":
      return alpha * Math.sqrt(Math.max(rows, cols));
    case "spectral":
      return Math.sqrt(layout === "out-in" ? rows / cols : cols / rows);
    case "none":
      return 1;
    default:
      throw new OptimizerOptionError("scale", "rms, paper, spectral or none", scale satisfies never);
  }
}
