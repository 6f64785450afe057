import { loadWeights, peakRate, trainOptions } from "@sumo/training";
import { writeCheckpoint } from "../../run/checkpoint-files.ts";
import { createRun } from "../../run/run-folder.ts";
import { whileLocked } from "../../run/run-lock.ts";
import type { Screen } from "../../screen/screen.ts";
import { loadRunInputs } from "../../training/run-inputs.ts";
import { trainRun } from "../../training/train-run.ts";
import { createTrainer, threadCount, withWorkerPool } from "../../training/worker-pool.ts";
import type { CliOptions } from "../cli-options.ts";

/** Starts a new run. Everything is checked before the run's folder is made. Returns the exit code. */
export async function startRun(cli: CliOptions, base: string, screen: Screen): Promise<number> {
  const asked = trainOptions(cli);
  const { text, data, tokenizer, corpus, model, weights } = loadRunInputs(asked, cli.runs, base);
  const options = { ...asked, data: data.source, lr: peakRate(asked) }; // a resumed run must not depend on defaults
  return withWorkerPool(threadCount(cli.threads, options), async (pool) => {
    const trainer = await createTrainer(model, options, corpus, pool);
    if (weights !== undefined) loadWeights(trainer.model, weights);
    const config = { options, data, model };
    const folder = createRun(cli.runs, cli.name, `${text.name}-${options.optimizer}`, config, tokenizer);
    return whileLocked(folder, () => {
      if (weights !== undefined) writeCheckpoint(folder, trainer.save()); // a resumed run does not read the model's folder
      return trainRun({ folder, text, options, tokenizer, trainer, threads: pool.threads }, cli.runs, cli, screen);
    });
  });
}
