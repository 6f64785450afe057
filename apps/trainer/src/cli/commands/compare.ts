import { join, relative } from "node:path";
import { isSystemError, storageError } from "@sumo/training";
import colors from "picocolors";
import { compareTrials } from "../../compare/comparison.ts";
import { comparisonTable } from "../../compare/comparison-table.ts";
import { contestantsOf } from "../../compare/contestants.ts";
import { trialsCsv } from "../../compare/csv.ts";
import { comparisonReport } from "../../compare/report.ts";
import { runTournament } from "../../compare/tournament.ts";
import type { Trial } from "../../compare/trial.ts";
import { replaceFile } from "../../run/atomic-file.ts";
import { makeFolder } from "../../run/run-folder.ts";
import { formatCount } from "../../screen/format.ts";
import { type Facts, type Screen, showFacts } from "../../screen/screen.ts";
import { catchInterrupt } from "../../training/interrupt.ts";
import { loadRunInputs, type RunInputs } from "../../training/run-inputs.ts";
import { createEngine, threadCount, withWorkerPool } from "../../training/worker-pool.ts";
import type { CliOptions } from "../cli-options.ts";

const REPORT = "report.html";
const CSV = "trials.csv";

/**
 * Compares optimizers: trains each on the same text, batches, initial weights and schedule, and prints one table. Returns the exit code.
 * With a sweep, each first tries every learning rate with the first seed; the best rate runs with the other seeds.
 */
export async function compare(cli: CliOptions, base: string, screen: Screen): Promise<number> {
  const contestants = contestantsOf(cli, cli.compare ?? []);
  const all = contestants.map(({ options }) => options);
  const inputs = await loadRunInputs(all[0]!, base, { runs: cli.runs, screen });
  const facts = describe(cli, inputs);
  return withWorkerPool(threadCount(cli.threads, cli), async (pool) => {
    const engine = createEngine(inputs.model, all, pool);
    const folder = makeFolder(cli.runs, cli.name, `${inputs.text.name}-comparison`);
    showFacts(screen, facts);
    const interrupt = catchInterrupt(screen, () =>
      screen.write(colors.yellow("\nstopping; finished trials are kept\n")),
    );
    const trials: Trial[] = [];
    const finished = (trial: Trial): void => {
      trials.push(trial);
      replaceFile(join(folder, CSV), trialsCsv(trials));
    };
    const setting = { inputs, pool, engine, signal: interrupt.signal, screen, finished };
    try {
      const chosen = await runTournament(contestants, cli.sweep, cli.seeds, setting);
      if (chosen.length > 0) show(folder, chosen, facts, screen);
    } catch (error) {
      throw isSystemError(error) ? storageError(error, "trials that were written before are kept") : error;
    } finally {
      interrupt.release();
    }
    return interrupt.exitCode;
  });
}

/** Prints the table, and writes the report into the folder. */
function show(folder: string, chosen: readonly Trial[], facts: Facts, screen: Screen): void {
  const comparison = compareTrials(chosen);
  screen.write(`\n${comparisonTable(comparison)}\n`);
  replaceFile(join(folder, REPORT), comparisonReport(comparison, chosen, facts));
  const place = relative(process.cwd(), folder) || folder;
  showFacts(screen, [
    ["report", `${place}/${REPORT}`],
    ["numbers", `${place}/${CSV}`],
  ]);
}

function describe(cli: CliOptions, { description, model, tokenizer }: RunInputs): Facts {
  const { steps, batch, context, seed, schedule } = cli;
  const seeds = cli.seeds === 1 ? `seed ${seed}` : `seeds ${seed} to ${seed + cli.seeds - 1}`;
  const rates = cli.sweep === undefined ? [] : ([["sweep", `lr ${cli.sweep.join(", ")} with seed ${seed}`]] as const);
  return [
    ["data", description],
    [
      "model",
      `LLaMA, ${model.layers} layers of width ${model.dim}, ${model.heads} heads, context ${model.context}, vocabulary of ${tokenizer.size}`,
    ],
    ["training", `${formatCount(steps)} steps of ${batch} x ${context} tokens, ${schedule} schedule, ${seeds}`],
    ["alike", "text, order of batches, initial weights, schedule, AdamW for embeddings, norms and head"],
    ...rates,
  ];
}
