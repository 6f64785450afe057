import type { OptimizerName } from "@sumo/core";
import { flagOf, OPTION_NAMES, OPTION_RULES, type SampleOptions, type TrainOptions, UsageError } from "@sumo/training";
import type { Command } from "commander";

/** All options of the command line. */
export interface CliOptions extends TrainOptions, SampleOptions {
  readonly name?: string;
  readonly runs: string;
  readonly threads?: number;
  readonly resume?: string;
  readonly sample?: string;
  readonly compare?: readonly OptimizerName[];
  readonly seeds: number;
  readonly sweep?: readonly number[];
  readonly verbose?: true;
}

/** Options that a resumed run may set anew, as they are typed. */
export const FREE: readonly string[] = OPTION_NAMES.filter((name) => OPTION_RULES[name] === "free").map(flagOf);

/**
 * Options of a resumed run: its own, with those that the command line sets anew.
 *
 * @throws {UsageError} if the command line sets one that is fixed when a run starts.
 */
export function resumedOptions(saved: TrainOptions, command: Command): TrainOptions {
  const given = OPTION_NAMES.filter((name) => command.getOptionValueSource(name) === "cli");
  const fixed = given.filter((name) => OPTION_RULES[name] === "fixed").map(flagOf);
  if (fixed.length > 0)
    throw new UsageError(`${fixed.join(", ")} cannot change in a resumed run; only ${FREE.join(", ")} can`);
  return { ...saved, ...Object.fromEntries(given.map((name) => [name, command.getOptionValue(name)])) };
}

/** @throws {UsageError} if an option of comparisons was given without `--compare`. */
export function checkDependent(command: Command): void {
  const lonely = ["seeds", "sweep"].find((name) => command.getOptionValueSource(name) === "cli");
  if (lonely !== undefined && command.getOptionValue("compare") === undefined) {
    throw new UsageError(`${flagOf(lonely)} belongs to --compare`);
  }
}
