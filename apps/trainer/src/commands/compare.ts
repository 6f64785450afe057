import { join, relative } from "node:path";
import type { Engine } from "@sumo/linalg";
import colors from "picocolors";
import { replaceFile } from "../atomic-file.ts";
import { type Beginning, begin } from "../beginning.ts";
import { bestTrials, compareTrials } from "../comparison.ts";
import { comparisonTable } from "../comparison-table.ts";
import { type Contestant, contestantsOf, withMoreSeeds, withRates } from "../contestants.ts";
import { type Crew, createEngine, threadsFor, withCrew } from "../crew.ts";
import { trialsCsv } from "../csv.ts";
import { catchInterrupt } from "../interrupt.ts";
import { peakRate } from "../optimizer-groups.ts";
import { type CliOptions, contestantOptions } from "../options.ts";
import { comparisonReport } from "../report.ts";
import { makeFolder } from "../run-folder.ts";
import { type Facts, formatCount, type Screen, showFacts, showProgress } from "../terminal.ts";
import { runTrial, type Trial } from "../trial.ts";

const REPORT = "report.html";
const CSV = "trials.csv";

/** What the trials of a comparison have in common. */
interface Arena {
  readonly beginning: Beginning;
  readonly crew: Crew;
  /** One for all trials, which give their memory back. */
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly screen: Screen;
  /** Called with every trial that was finished. */
  readonly finished: (trial: Trial) => void;
}

/**
 * Trains every contestant on the same text, batches, initial weights and schedule, and shows them in one table. Returns the exit code.
 * With a sweep, each first tries every learning rate with the first seed, and the best goes on to the other seeds.
 */
export async function compare(cli: CliOptions, base: string, screen: Screen): Promise<number> {
  const contestants = contestantsOf(cli);
  const all = contestants.map(({ options }) => options);
  const beginning = begin(all[0]!, cli.runs, base);
  const facts = describe(cli, beginning);
  return withCrew(threadsFor(cli.threads, cli), async (crew) => {
    const engine = createEngine(beginning.model, all, crew);
    const folder = makeFolder(cli.runs, cli.name, `${beginning.text.name}-comparison`);
    showFacts(screen, facts);
    const interrupt = catchInterrupt(() => screen.write(colors.yellow("\nstopping; finished trials are kept\n")));
    const trials: Trial[] = [];
    const finished = (trial: Trial): void => {
      trials.push(trial);
      replaceFile(join(folder, CSV), trialsCsv(trials));
    };
    const arena = { beginning, crew, engine, signal: interrupt.signal, screen, finished };
    const chosen = await tournament(contestants, cli, arena);
    interrupt.release();
    if (chosen.length > 0) show(folder, chosen, facts, screen);
    return interrupt.exitCode;
  });
}

/** All seeds of every contestant at the learning rate that did best with the first seed. */
async function tournament(
  contestants: readonly Contestant[],
  { sweep, seeds }: CliOptions,
  arena: Arena,
): Promise<Trial[]> {
  const first = bestTrials(
    await runAll(
      contestants.flatMap((contestant) => withRates(contestant, sweep)),
      arena,
    ),
  );
  const more = first.flatMap(({ label, lr }) =>
    withMoreSeeds(contestants.find((contestant) => contestant.label === label)!, lr, seeds),
  );
  return [...first, ...(await runAll(more, arena))];
}

/** Runs contestants one after another; those that the user stopped are left out. */
async function runAll(contestants: readonly Contestant[], arena: Arena): Promise<Trial[]> {
  const { beginning, crew, engine, signal, screen } = arena;
  const trials: Trial[] = [];
  for (const contestant of contestants) {
    if (signal.aborted) break;
    const { label, options } = contestant;
    screen.write(`\n${colors.bold(label)}, lr ${peakRate(options)}, seed ${options.seed}\n`);
    const progress = showProgress(screen, options.steps, 0);
    try {
      const trial = await runTrial({ contestant, beginning, crew, engine, logged: progress.logged, signal });
      if (trial === undefined) break;
      arena.finished(trial);
      trials.push(trial);
    } finally {
      progress.stop();
    }
  }
  return trials;
}

/** The table on the screen, and the report in the folder. */
function show(folder: string, chosen: readonly Trial[], facts: Facts, screen: Screen): void {
  const comparison = compareTrials(chosen);
  replaceFile(join(folder, REPORT), comparisonReport(comparison, chosen, facts));
  const place = relative(process.cwd(), folder) || folder;
  screen.write(`\n${comparisonTable(comparison)}\n`);
  showFacts(screen, [
    ["report", `${place}/${REPORT}`],
    ["numbers", `${place}/${CSV}`],
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
