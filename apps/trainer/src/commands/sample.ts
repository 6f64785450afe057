import { createLlama } from "@sumo/llama";
import { readModel } from "../model-folder.ts";
import type { CliOptions } from "../options.ts";
import { sampleText } from "../sample.ts";
import type { Screen } from "../terminal.ts";
import { loadWeights } from "../weights.ts";

/** Writes text with the model of a run, or of a folder, token by token, beginning with the prompt. Returns the exit code. */
export function sampleRun(cli: CliOptions, run: string, base: string, screen: Screen): number {
  const { config, tokenizer, weights } = readModel(cli.runs, run, base);
  const model = createLlama(config);
  loadWeights(model, weights);
  screen.write(cli.prompt);
  for (const piece of sampleText(model, tokenizer, cli, cli.seed)) screen.write(piece);
  screen.write("\n");
  return 0;
}
