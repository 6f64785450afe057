import { join, relative } from "node:path";
import colors from "picocolors";
import { replaceFile } from "../atomic-file.ts";
import { type Beginning, begin } from "../beginning.ts";
import { bestTrials, compareTrials } from "../comparison.ts";
import { comparisonTable } from "../comparison-table.ts";
import { type Contestant, contestantsOf, withMoreSeeds, withRates } from "../contestants.ts";
import { type Crew, createCrew, threadsFor } from "../crew.ts";
import { trialsCsv } from "../csv.ts";
import { catchInterrupt } from "../interrupt.ts";
import { peakRate } from "../optimizer-groups.ts";
import { type CliOptions, contestantOptions } from "../options.ts";
import { comparisonReport } from "../report.ts";
import { makeFolder } from "../run-folder.ts";
import { type Facts, formatCount, type Screen, showFacts, showProgress } from "../terminal.ts";
import { runTrial, type Trial } from "../trial.ts";

/**
 * Trains every contestant on the same text, batches, initial weights and schedule, and shows them in one table. Returns the exit code.
 * With a sweep, each first tries every learning rate with the first seed, and the best goes on to the other seeds.
 */
export async function compare(cli: CliOptions, base: string, screen: Screen): Promise<number> {
  const contestants = contestantsOf(cli);
  const beginning = begin(contestants[0]!.options, cli.runs, base);
  const folder = makeFolder(cli.runs, cli.name, `${beginning.text.name}-comparison`);
  const facts = describe(cli, beginning);
  showFacts(screen, facts);
  const interrupt = catchInterrupt(() => screen.write(colors.yellow("\nstopping; finished trials are kept\n")));
  const crew = createCrew(threadsFor(cli.threads, cli.batch));
  const all: Trial[] = [];
  const run = async (entrants: readonly Contestant[]): Promise<Trial[]> => {
    const trials = await runAll(entrants, beginning, crew, interrupt.signal, screen);
    all.push(...trials);
    return trials;
  };
  const first = bestTrials(await run(contestants.flatMap((contestant) => withRates(contestant, cli.sweep))));
  const more = first.flatMap(({ label, lr }) =>
    withMoreSeeds(contestants.find((contestant) => contestant.label === label)!, lr, cli.seeds),
  );
  const chosen = [...first, ...(await run(more))];
  interrupt.release();
  crew.dispose();
  if (chosen.length > 0) show(folder, all, chosen, facts, screen);
  return interrupt.exitCode;
}

/** Runs contestants one after another; those that the user stopped are left out. */
async function runAll(
  contestants: readonly Contestant[],
  beginning: Beginning,
  crew: Crew,
  signal: AbortSignal,
  screen: Screen,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const contestant of contestants) {
    if (signal.aborted) break;
    const { label, options } = contestant;
    screen.write(`\n${colors.bold(label)}, lr ${peakRate(options)}, seed ${options.seed}\n`);
    const progress = showProgress(screen, options.steps, 0);
    try {
      const trial = await runTrial({ contestant, beginning, crew, logged: progress.logged, signal });
      if (trial !== undefined) trials.push(trial);
    } finally {
      progress.stop();
    }
  }
  return trials;
}

/** The table on the screen; the report and every trial's log in the folder. */
function show(folder: string, all: readonly Trial[], chosen: readonly Trial[], facts: Facts, screen: Screen): void {
  const comparison = compareTrials(chosen);
  replaceFile(join(folder, "report.html"), comparisonReport(comparison, chosen, facts));
  replaceFile(join(folder, "trials.csv"), trialsCsv(all));
  const place = relative(process.cwd(), folder) || folder;
  screen.write(`\n${comparisonTable(comparison)}\n`);
  showFacts(screen, [
    ["report", `${place}/report.html`],
    ["numbers", `${place}/trials.csv`],
  ]);
}

function describe(cli: CliOptions, { text, model, tokenizer }: Beginning): Facts {
  const { steps, batch, context, seed, schedule } = contestantOptions(cli, "adamw");
  const seeds = cli.seeds === 1 ? `seed ${seed}` : `seeds ${seed} to ${seed + cli.seeds - 1}`;
  const rates = cli.sweep === undefined ? [] : ([["sweep", `lr ${cli.sweep.join(", ")} with seed ${seed}`]] as const);
  return [
    [
      "data",
      `${text.source}, ${formatCount(text.bytes.length)} bytes, ${tokenizer.size} tokens; the last tenth is held out`,
    ],
    ["model", `LLaMA, ${model.layers} layers of width ${model.dim}, ${model.heads} heads, context ${model.context}`],
    ["training", `${formatCount(steps)} steps of ${batch} x ${context} tokens, ${schedule} schedule, ${seeds}`],
    ["alike", "text, order of batches, initial weights, schedule, AdamW for embeddings, norms and head"],
    ...rates,
  ];
}
