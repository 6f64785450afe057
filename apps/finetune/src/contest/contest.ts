import { meanCurve, type Row, summarize } from "./comparison.ts";
import type { Contestant } from "./contestants.ts";
import type { Progress } from "./progress.ts";
import { runTrial, type Setting, type Trial } from "./trial.ts";

/** Seed of the batches for tuning of learning rates; contests start at 1. */
const TUNING_SEED = 1000;

/** Runs every contestant with every seed. The first contestant's mean final accuracy is the target. */
export function runContest(all: readonly Contestant[], seeds: number, setting: Setting, progress: Progress): Row[] {
  const trials = all.map((contestant) =>
    Array.from({ length: seeds }, (_, i) => follow(contestant, contestant.rate, i + 1, setting, progress)),
  );
  const target = meanCurve(trials[0]!).at(-1)!.accuracy;
  return all.map((contestant, i) => summarize(contestant, contestant.rate, trials[i]!, target));
}

/** Runs every contestant once with each of its learning rates, on batches that no contest uses. */
export function tuneRates(all: readonly Contestant[], setting: Setting, progress: Progress): Row[] {
  return all.flatMap((contestant) =>
    contestant.rates.map((rate) => {
      const trial = follow(contestant, rate, TUNING_SEED, setting, progress);
      return summarize(contestant, rate, [trial], Number.POSITIVE_INFINITY);
    }),
  );
}

function follow(contestant: Contestant, rate: number, seed: number, setting: Setting, progress: Progress): Trial {
  const title = `${contestant.label}, seed ${seed}`;
  const trial = runTrial(contestant, rate, seed, setting, (_, loss, accuracy) => progress.step(title, loss, accuracy));
  progress.done(title, trial.curve.at(-1)!.accuracy, trial.seconds);
  return trial;
}
