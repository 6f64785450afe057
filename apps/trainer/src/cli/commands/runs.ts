import { join } from "node:path";
import { LlamaError } from "@sumo/llama";
import { isSystemError, type LogLine, TrainingError } from "@sumo/training";
import Table from "cli-table3";
import colors from "picocolors";
import { readLog } from "../../run/log-file.ts";
import { findRun, logPath, readConfig, runNames } from "../../run/run-folder.ts";
import { formatCount, formatFinalLoss, formatPerplexity, formatTime } from "../../screen/format.ts";
import type { Point } from "../../screen/line-plot.ts";
import { type Screen, showFacts } from "../../screen/screen.ts";
import { terminalPlot } from "../../screen/terminal-plot.ts";

/** Lists runs in a table: data, optimizer, steps, validation loss and its perplexity per token, seconds of training. Returns the exit code. */
export function listRuns(runs: string, screen: Screen): number {
  const names = runNames(runs);
  if (names.length === 0) {
    screen.write(`no runs in ${runs}\n`);
    return 0;
  }
  const table = new Table({
    head: ["run", "data", "optimizer", "steps", "validation", "perplexity", "trained"],
    colAligns: ["left", "left", "left", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const name of names) table.push(rowOf(name, join(runs, name)));
  screen.write(`${table}\n`);
  return 0;
}

function rowOf(name: string, folder: string): string[] {
  try {
    const { options } = readConfig(folder);
    const lines = readLog(logPath(folder));
    const steps = `${formatCount(lines.at(-1)?.step ?? 0)} of ${formatCount(options.steps)}`;
    const validation = lastValidation(lines);
    const losses = validation === undefined ? ["-", "-"] : [validation.toFixed(4), formatPerplexity(validation)];
    return [name, options.data, options.optimizer, steps, ...losses, formatTime(lines.at(-1)?.seconds ?? 0)];
  } catch (error) {
    const known = error instanceof TrainingError || error instanceof LlamaError || isSystemError(error);
    if (!known) throw error;
    return [name, error.message, "", "", "", "", ""];
  }
}

/** Shows the configuration of a run and a plot of its losses. Returns the exit code. */
export function showRun(runs: string, name: string, screen: Screen): number {
  const folder = findRun(runs, name);
  const { options, data, model } = readConfig(folder);
  const lines = readLog(logPath(folder));
  const last = lines.at(-1);
  showFacts(screen, [
    ["data", `${data.source}, ${formatCount(data.bytes)} bytes, ${formatCount(model.vocabSize)} tokens`],
    ["model", `LLaMA, ${model.layers} layers of width ${model.dim}, ${model.heads} heads, context ${model.context}`],
    ["optimizer", `${options.optimizer}, seed ${options.seed}`],
    ["steps", `${formatCount(last?.step ?? 0)} of ${formatCount(options.steps)} in ${formatTime(last?.seconds ?? 0)}`],
    ...(last?.final === undefined ? [] : ([["result", formatFinalLoss(last.final)]] as const)),
  ]);
  const pick = (key: "loss" | "validation"): Point[] =>
    lines.flatMap((line) => (line[key] === undefined ? [] : [{ x: line.step, y: line[key] }]));
  const plot = terminalPlot([
    { label: "loss", points: pick("loss"), paint: colors.dim },
    { label: "validation", points: pick("validation"), paint: colors.cyan },
  ]);
  if (plot !== "")
    screen.write(`\n${plot}\n  ${colors.dim("loss of each step")}, ${colors.cyan("held-out loss")}, nats per token\n`);
  return 0;
}

function lastValidation(lines: readonly LogLine[]): number | undefined {
  const line = lines.findLast(({ validation, final }) => final !== undefined || validation !== undefined);
  return line?.final?.validation ?? line?.validation;
}
