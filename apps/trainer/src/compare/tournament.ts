import { peakRate } from "@sumo/training";
import colors from "picocolors";
import { showProgress } from "../screen/progress.ts";
import type { Screen } from "../screen/screen.ts";
import { bestTrials } from "./comparison.ts";
import { type Contestant, withMoreSeeds, withRates } from "./contestants.ts";
import { runTrial, type Trial, type TrialSetting } from "./trial.ts";

/** Setting of the trials of a comparison, and where they are shown. */
export interface TournamentSetting extends TrialSetting {
  readonly screen: Screen;
  /** Called with every finished trial. */
  readonly finished: (trial: Trial) => void;
}

/**
 * Runs every contestant at its best learning rate with all seeds: a sweep tries each rate with the first seed, and the rate of the lowest
 * loss runs with the others.
 *
 * @param sweep - learning rates to try; without them each contestant has its own.
 * @param seeds - number of seeds.
 * @returns the trials at the chosen rates; those that the signal interrupted are left out.
 */
export async function runTournament(
  contestants: readonly Contestant[],
  sweep: readonly number[] | undefined,
  seeds: number,
  setting: TournamentSetting,
): Promise<Trial[]> {
  const swept = contestants.flatMap((contestant) => withRates(contestant, sweep));
  const first = bestTrials(await runAll(swept, setting));
  const more = first.flatMap(({ label, lr }) =>
    withMoreSeeds(contestants.find((contestant) => contestant.label === label)!, lr, seeds),
  );
  return [...first, ...(await runAll(more, setting))];
}

/** Runs contestants one after another until the signal aborts. */
async function runAll(contestants: readonly Contestant[], setting: TournamentSetting): Promise<Trial[]> {
  const { screen, signal, finished } = setting;
  const trials: Trial[] = [];
  for (const contestant of contestants) {
    if (signal.aborted) break;
    const { label, options } = contestant;
    screen.write(`\n${colors.bold(label)}, lr ${peakRate(options)}, seed ${options.seed}\n`);
    const progress = showProgress(screen, options.steps, 0);
    try {
      const trial = await runTrial(contestant, setting, progress.logged);
      if (trial === undefined) break;
      finished(trial);
      trials.push(trial);
    } finally {
      progress.stop();
    }
  }
  return trials;
}
