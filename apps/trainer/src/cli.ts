#!/usr/bin/env node
import { OptimizerError } from "@sumo/core";
import { LlamaError } from "@sumo/llama";
import { Command } from "commander";
import colors from "picocolors";
import { compare } from "./commands/compare.ts";
import { sampleRun } from "./commands/sample.ts";
import { resumeRun, startRun } from "./commands/train.ts";
import { TrainerError } from "./errors.ts";
import { addOptions, type CliOptions } from "./options.ts";

// Paths on the command line are relative to where the user stands; pnpm runs scripts in the repository's root.
const base = process.env["INIT_CWD"] ?? process.cwd();

const program = addOptions(new Command("train"))
  .description("Trains a small LLaMA on a text with SUMO, and writes text with it.")
  .allowExcessArguments(false)
  .action(async (options: CliOptions, command: Command) => {
    process.exitCode = await dispatch(options, command);
  });

async function dispatch(options: CliOptions, command: Command): Promise<number> {
  const screen = process.stdout;
  if (options.compare !== undefined) return compare(options, base, screen);
  if (options.sample !== undefined) return sampleRun(options, options.sample, screen);
  if (options.resume !== undefined) return resumeRun(options, options.resume, command, screen);
  return startRun(options, base, screen);
}

try {
  await program.parseAsync();
} catch (error) {
  const expected = error instanceof TrainerError || error instanceof OptimizerError || error instanceof LlamaError;
  process.stderr.write(`${colors.red("error:")} ${expected ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
