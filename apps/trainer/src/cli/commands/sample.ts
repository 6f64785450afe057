import { setImmediate as pause } from "node:timers/promises";
import { createWasmEngine } from "@sumo/linalg";
import { createLlama } from "@sumo/llama";
import { planSample, sampleText } from "@sumo/training";
import { readModel } from "../../run/model-folder.ts";
import type { Screen } from "../../screen/screen.ts";
import type { CliOptions } from "../cli-options.ts";

/** Samples text from the model of a run or a folder, starting with the prompt. Returns the exit code. */
export async function sampleRun(cli: CliOptions, run: string, base: string, screen: Screen): Promise<number> {
  const { config, tokenizer, weights } = readModel(cli.runs, run, base);
  const tokens = tokenizer.encode(new TextEncoder().encode(cli.prompt)).length + cli.length;
  const engine = createWasmEngine({ bytes: planSample(config, tokens) });
  const model = createLlama(config, { engine, weights });
  screen.write(cli.prompt);
  for (const piece of sampleText(model, tokenizer, cli, cli.seed)) {
    screen.write(piece);
    await pause(); // so that a closed output is noticed
    if (screen.closed.aborted) break;
  }
  screen.write("\n");
  return 0;
}
