import { auxRate, type CheckpointPieces, isSystemError, peakRate, storageError, trainOptions } from "@sumo/training";
import { applyAdapter } from "../../run/adapter-folder.ts";
import { originOfRun } from "../../run/model-folder.ts";
import { type Companions, createRun, type StoredRun } from "../../run/run-folder.ts";
import { whileLocked } from "../../run/run-lock.ts";
import type { Screen } from "../../screen/screen.ts";
import { checkSame, type Ranks, settingsOf, shardsOf, together, weightsOf } from "../../training/ranks.ts";
import { loadRunInputs } from "../../training/run-inputs.ts";
import { describeLoad } from "../../training/summary.ts";
import { followRun, trainRun } from "../../training/train-run.ts";
import { createTrainer, threadCount, withWorkerPool } from "../../training/worker-pool.ts";
import type { CliOptions } from "../cli-options.ts";

/** Starts a new run. Everything is checked before the run's folder is made. Returns the exit code. */
export async function startRun(cli: CliOptions, base: string, screen: Screen, ranks: Ranks): Promise<number> {
  const { options, text, data, tokenizer, sequences, kind, description, model, init, adapter } = await together(
    ranks,
    async () => {
      const asked = trainOptions(cli);
      const inputs = await loadRunInputs(asked, base, { runs: cli.runs, screen });
      // A resumed run must not depend on defaults.
      return { ...inputs, options: { ...asked, data: inputs.data.source, lr: peakRate(asked), auxLr: auxRate(asked) } };
    },
  );
  await checkSame(ranks, { [text.source]: [data.digest], ...settingsOf(options, tokenizer, ranks) });
  return withWorkerPool(threadCount(cli.threads, options), async (pool) => {
    if (init !== undefined) {
      const plan = { threads: pool.threads, shards: shardsOf(ranks) };
      screen.write(`${describeLoad(model, options, init.weights, plan)}\n`);
    }
    const { collective, shardState } = ranks;
    const trainer = await together(ranks, () =>
      createTrainer(model, options, sequences, pool, { weights: init?.weights, collective, shardState }),
    );
    if (adapter !== undefined) applyAdapter(trainer.model, adapter);
    await checkSame(ranks, weightsOf(trainer));
    // A resumed run does not read the model's folder.
    const initial = init === undefined ? undefined : trainer.save();
    const run = await together(ranks, () => {
      if (ranks.rank > 0) return undefined;
      const origin = init === undefined ? undefined : originOfRun(init);
      const stored = { options, data, model, tokenizer, ...(origin && { origin }) };
      return begin(cli, `${text.name}-${options.optimizer}`, stored, init?.companions, initial);
    });
    if (run === undefined) return followRun({ options, trainer, ranks });
    const facts = { kind, description, threads: pool.threads, ranks, profile: cli.profile === true };
    return whileLocked(run.folder, (lock) => trainRun({ ...run, ...facts, lock, trainer }, cli.runs, cli, screen));
  });
}

function begin(
  { runs, name }: CliOptions,
  prefix: string,
  run: Omit<StoredRun, "digests">,
  companions: Companions | undefined,
  initial: CheckpointPieces | undefined,
): ReturnType<typeof createRun> {
  try {
    return createRun(runs, name, prefix, run, companions, initial);
  } catch (error) {
    throw isSystemError(error) ? storageError(error, "the run was not begun, and left no files") : error;
  }
}
