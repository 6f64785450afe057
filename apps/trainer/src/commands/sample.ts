import { createLlama } from "@sumo/llama";
import { readCheckpoint } from "../checkpoint.ts";
import type { CliOptions } from "../options.ts";
import { findRun, readRun } from "../run-folder.ts";
import { sampleText } from "../sample.ts";
import type { Screen } from "../terminal.ts";
import { loadWeights } from "../weights.ts";

/** Writes text with a run's model, token by token, beginning with the prompt. Returns the exit code. */
export function sampleRun(cli: CliOptions, run: string, screen: Screen): number {
  const folder = findRun(cli.runs, run);
  const { model: config, tokenizer } = readRun(folder);
  const model = createLlama(config);
  loadWeights(model, readCheckpoint(folder).model);
  screen.write(cli.prompt);
  for (const piece of sampleText(model, tokenizer, cli, cli.seed)) screen.write(piece);
  screen.write("\n");
  return 0;
}
