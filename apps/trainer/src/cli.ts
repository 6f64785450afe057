#!/usr/bin/env node
import { flagOf } from "@sumo/training";
import { Command } from "commander";
import { type CliOptions, checkDependent } from "./cli/cli-options.ts";
import { chat } from "./cli/commands/chat.ts";
import { compare } from "./cli/commands/compare.ts";
import { exportModel } from "./cli/commands/export.ts";
import { exportAdapter } from "./cli/commands/export-adapter.ts";
import { resumeRun } from "./cli/commands/resume.ts";
import { listRuns, showRun } from "./cli/commands/runs.ts";
import { sampleRun } from "./cli/commands/sample.ts";
import { startRun } from "./cli/commands/start.ts";
import { addOptions } from "./cli/flags.ts";
import { formatError } from "./cli/report-error.ts";
import { openScreen, SILENT } from "./screen/screen.ts";
import { joinRanks, OtherRankFailed, place, refuseSeveral, together } from "./training/ranks.ts";

// Paths on the command line are relative to the shell's working directory; pnpm runs scripts in the repository's root.
const base = process.env["INIT_CWD"] ?? process.cwd();

// Launchers give their processes a terminal, and write what they print to wherever they please.
const screen = place.rank > 0 ? SILENT : { ...openScreen(process.stdout), ...(place.size > 1 && { isTTY: false }) };
process.stderr.on("error", () => {}); // there is nowhere left to say it

const program = new Command("train");
if (place.rank > 0) program.configureOutput({ writeErr() {}, writeOut() {} }).exitOverride(() => process.exit());
addOptions(program)
  .description("Trains a small LLaMA on a text with SUMO, and writes text with it.")
  .allowExcessArguments(false)
  .hook("preSubcommand", (_, subcommand) => refuseSeveral(subcommand.name()))
  .action(async (options: CliOptions, command: Command) => finish(await dispatch(options, command)));

const inspect = program.command("runs").description("look at runs");
inspect
  .command("list")
  .description("all runs, with their last losses")
  .action((_, command: Command) => finish(listRuns(runsOf(command), screen)));
inspect
  .command("show <run>")
  .description("one run, with a plot of its losses")
  .action((run: string, _, command: Command) => finish(showRun(runsOf(command), run, screen)));
program
  .command("chat <run>")
  .description("talk with a run's model, or one in a folder, by its chat template; a line is a message")
  .action(async (run: string, _, command: Command) => {
    const context = program.getOptionValueSource("context") === "cli" ? program.opts<CliOptions>().context : undefined;
    const keyboard = { stream: process.stdin, isTTY: process.stdin.isTTY === true && screen.isTTY };
    finish(await chat(command.optsWithGlobals<CliOptions>(), run, context, base, keyboard, screen));
  });
program
  .command("export <run> <folder>")
  .description(
    "write a run's model as a folder that Hugging Face's transformers loads, or as a file for llama.cpp: name.gguf",
  )
  .action((run: string, folder: string, _, command: Command) =>
    finish(exportModel(run, folder, { runs: runsOf(command), base }, screen)),
  );
program
  .command("export-adapter <base> <tuned> <folder>")
  .description(
    "write what training changed as a LoRA adapter that Hugging Face's PEFT loads; base and tuned are runs or model folders",
  )
  .action(async (from: string, tuned: string, folder: string, _, command: Command) =>
    finish(await exportAdapter(from, tuned, folder, command, base, screen)),
  );

function runsOf(command: Command): string {
  return command.optsWithGlobals<CliOptions>().runs;
}

function finish(exitCode: number): void {
  process.exitCode = exitCode;
}

async function dispatch(options: CliOptions, command: Command): Promise<number> {
  const ranks = joinRanks(options.shardState);
  await together(ranks, () => {
    checkDependent(command);
    for (const name of ["compare", "sample"] as const) if (options[name] !== undefined) refuseSeveral(flagOf(name));
  });
  if (options.compare !== undefined) return compare(options, base, screen);
  if (options.sample !== undefined) return sampleRun(options, options.sample, base, screen);
  if (options.resume !== undefined) return resumeRun(options, options.resume, command, screen, ranks);
  const accumulate = command.getOptionValueSource("accumulate") === "default" ? ranks.size : options.accumulate;
  return startRun({ ...options, accumulate }, base, screen, ranks);
}

function fail(error: unknown): void {
  if (error instanceof OtherRankFailed) return;
  process.stderr.write(formatError(error, program.opts<CliOptions>().verbose === true));
  process.exitCode = 1;
}

process.on("uncaughtException", (error) => {
  fail(error);
  process.exit(); // whatever failed may keep the process alive
});

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
