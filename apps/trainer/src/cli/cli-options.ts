import {
  flagOf,
  OPTION_NAMES,
  OPTION_RULES,
  type SampleOptions,
  type TrainOptions,
  trainsAll,
  UsageError,
} from "@sumo/training";
import type { Command } from "commander";
import type { ContestantName } from "../compare/contestants.ts";

/** All options of the command line. */
export interface CliOptions extends TrainOptions, SampleOptions {
  readonly name?: string;
  readonly runs: string;
  readonly threads?: number;
  readonly shardState?: true;
  readonly resume?: string;
  readonly sample?: string;
  readonly compare?: readonly ContestantName[];
  readonly seeds: number;
  readonly sweep?: readonly number[];
  readonly profile?: true;
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

/** Options that mean something beside another one alone. */
const DEPENDENT = { seeds: "compare", sweep: "compare", adapter: "init" } as const;

/** @throws {UsageError} if an option was given without the one that it belongs to, or for parameters that are not trained. */
export function checkDependent(command: Command): void {
  for (const [name, other] of Object.entries(DEPENDENT)) {
    if (command.getOptionValueSource(name) === "cli" && command.getOptionValue(other) === undefined) {
      throw new UsageError(`${flagOf(name)} belongs to ${flagOf(other)}`);
    }
  }
  const options = command.opts<CliOptions>();
  if (!trainsAll(options) && command.getOptionValueSource("auxLr") === "cli") {
    const choice = options.method === "lora" ? "--method lora" : "--train hidden";
    throw new UsageError(`--aux-lr is for embeddings, norms and the head, which ${choice} leaves as they are`);
  }
}
