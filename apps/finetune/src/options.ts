import { Command, InvalidArgumentError } from "commander";

export interface Options {
  readonly steps: number;
  readonly batch: number;
  readonly seeds: number;
  readonly ranks: readonly number[];
  readonly every: number;
  readonly train: number;
  readonly validation: number;
  readonly only?: RegExp;
  readonly tune: boolean;
  readonly out?: string;
}

/** Options of `--full`, in place of the quick defaults. */
const FULL: Partial<Options> = { steps: 120, batch: 32, seeds: 3, every: 10, validation: 1000 };

/** Parses the command line. Exits on `--help` and on unknown options. */
export function parseOptions(argv: readonly string[]): Options {
  const program = new Command("finetune")
    .description(
      "Fine-tunes a sentence encoder to sort the glosses of WordNet's nouns into 24 categories, with SUMO and its rivals.",
    )
    .option("--full", `the table of the README: ${flags(FULL)}`, false)
    .option("--steps <n>", "training steps", count, 40)
    .option("--batch <n>", "texts in a step", count, 16)
    .option("--seeds <n>", "repetitions with other batches", count, 1)
    .option("--ranks <list>", "ranks of SUMO, GaLore and LoRA", counts, [4, 8])
    .option("--every <n>", "steps between two measurements", count, 10)
    .option("--train <n>", "texts to train on", count, 8000)
    .option("--validation <n>", "texts to measure on", count, 300)
    .option("--only <pattern>", "methods to run, by name; AdamW runs anyhow", (text: string) => new RegExp(text, "i"))
    .option("--tune", "try every method's learning rates on another seed instead", false)
    .option("--out <file>", "write the results as JSON")
    .allowExcessArguments(false)
    .parse([...argv], { from: "user" });
  const { full, ...given } = program.opts<Options & { full: boolean }>();
  if (!full) return given;
  const chosen = Object.keys(FULL).filter((name) => program.getOptionValueSource(name) === "cli");
  const kept = Object.fromEntries(chosen.map((name) => [name, given[name as keyof Options]]));
  return { ...given, ...FULL, ...kept };
}

const flags = (options: Partial<Options>): string =>
  Object.entries(options)
    .map(([name, value]) => `--${name} ${value}`)
    .join(" ");

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("expected a whole number >= 1");
  return value;
}

const counts = (text: string): number[] => text.split(",").map(count);
