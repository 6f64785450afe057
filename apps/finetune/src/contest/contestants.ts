import { cosine, type Schedule } from "@sumo/core";
import { AdamWOptimizer, type CoreOptimizer, GaLoreOptimizer, SumoOptimizer } from "@sumo/tfjs";
import type { Adaptation } from "./classifier.ts";

/** A method of fine-tuning. */
export interface Contestant {
  readonly label: string;
  readonly adaptation: Adaptation;
  /** Learning rates to try with `--tune`, and the best of them. */
  readonly rates: readonly number[];
  readonly rate: number;
  /** Creates the matrices' optimizer; a probe trains none. */
  optimizer(lr: Schedule): CoreOptimizer;
}

/** AdamW's learning rate for the head and for trained vectors, common to all contestants. */
const OTHERS_RATE = 3e-3;
const FULL: Adaptation = { kind: "full" };
/** Pattern of the hidden matrices: all, since the head has its own optimizer. */
const hidden = /./;

/** Creates all contestants at these ranks. AdamW and the probe, which have no rank, come first. */
export function contestants(ranks: readonly number[]): Contestant[] {
  const adamw = (lr: Schedule) => new AdamWOptimizer({ lr });
  return [
    { label: "AdamW", adaptation: FULL, rates: [1e-4, 3e-4, 1e-3], rate: 3e-4, optimizer: adamw },
    { label: "linear probe", adaptation: { kind: "probe" }, rates: [], rate: 0, optimizer: adamw },
    ...ranks.flatMap((rank): Contestant[] => [
      {
        label: `SUMO exact, rank ${rank}`,
        adaptation: FULL,
        rates: [2e-4, 6e-4, 2e-3],
        rate: 6e-4,
        optimizer: (lr) => new SumoOptimizer({ lr, rank, hidden, scale: "rms", orthogonalize: "exact" }),
      },
      {
        label: `SUMO NS5, rank ${rank}`,
        adaptation: FULL,
        rates: [2e-4, 6e-4, 2e-3],
        rate: 6e-4,
        optimizer: (lr) => new SumoOptimizer({ lr, rank, hidden, scale: "rms", orthogonalize: "muon" }),
      },
      {
        label: `GaLore, rank ${rank}`,
        adaptation: FULL,
        rates: [3e-3, 1e-2, 3e-2],
        rate: 1e-2,
        optimizer: (lr) => new GaLoreOptimizer({ lr, rank, hidden }),
      },
      {
        label: `LoRA, rank ${rank}`,
        adaptation: { kind: "lora", rank },
        rates: [1e-3, 3e-3, 1e-2],
        rate: 3e-3,
        optimizer: adamw,
      },
    ]),
  ];
}

/** Creates AdamW for the head and the vectors. */
export function othersOptimizer(steps: number): CoreOptimizer {
  return new AdamWOptimizer({ lr: scheduleOf(OTHERS_RATE, steps) });
}

/** Creates a schedule: warm-up over a tenth of the steps, then half a cosine down to a tenth of the peak. */
export function scheduleOf(peak: number, steps: number): Schedule {
  return cosine({ peak, total: steps, warmup: Math.round(steps / 10), final: 0.1 });
}
