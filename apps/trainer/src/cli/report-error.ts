import { inspect } from "node:util";
import { OptimizerError } from "@sumo/core";
import { LinalgError } from "@sumo/linalg";
import { LlamaError } from "@sumo/llama";
import { CollectiveError } from "@sumo/mpi";
import { isSystemError, storageError, TrainingError } from "@sumo/training";
import colors from "picocolors";
import { signature } from "../training/ranks.ts";

/** Errors whose messages say what to do: they are printed without a stack. */
const EXPECTED = [TrainingError, OptimizerError, LlamaError, LinalgError, CollectiveError];

/**
 * An error as it is printed: one line; with `verbose` its stack and causes follow.
 *
 * @param error - anything that was thrown.
 */
export function formatError(error: unknown, verbose: boolean): string {
  const line = `${colors.red("error:")} ${signature}${oneLine(messageOf(error))}\n`;
  return verbose ? `${line}${inspect(error)}\n` : line;
}

function messageOf(error: unknown): string {
  if (EXPECTED.some((kind) => error instanceof kind)) return (error as Error).message;
  if (isSystemError(error)) return storageError(error, "nothing was changed").message;
  if (error instanceof RangeError && /alloc|memory/i.test(error.message)) {
    return `memory is used up (${error.message}): take a smaller --batch, --context or model, or --recompute`;
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `unexpected ${what}; this is a fault of the trainer: --verbose shows where`;
}

function oneLine(message: string): string {
  return message.trim().replace(/\s*\n\s*/g, " ");
}
