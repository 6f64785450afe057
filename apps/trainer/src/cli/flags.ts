import {
  AUX_RATES,
  BYTES,
  ENGINES,
  EQUILIBRATIONS,
  LOSSES,
  METHODS,
  MOST_TOKENS,
  OPTIMIZER_NAMES,
  OPTIMIZERS,
  RESIDUALS,
  SCHEDULES,
  STATE_BITS,
  TARGETS,
  TRAINED,
  WEIGHTS,
} from "@sumo/training";
import { type Command, Option } from "commander";
import { CONTESTANTS } from "../compare/contestants.ts";
import { FREE } from "./cli-options.ts";
import { between, namesFrom, nonEmpty, oneOf, positive, rates, runName, whole } from "./flag-values.ts";

/** Default learning rates, as the help lists them. */
const ratesOf = (rate: "learningRate" | "fineTuningRate"): string =>
  OPTIMIZER_NAMES.map((name) => `${name} ${OPTIMIZERS[name][rate]}`).join(", ");

/** Adds all options, with their help, to a command. */
export function addOptions(command: Command): Command {
  addDataAndModel(command);
  addOptimizer(command);
  addRun(command);
  addComparison(command);
  addSample(command);
  return command;
}

function addDataAndModel(command: Command): void {
  command
    .optionsGroup("Data:")
    .option(
      "--data <source>",
      "a UTF-8 text file, a folder of .txt and .md files (links are followed, hidden and generated folders left out), a .jsonl or .parquet file of examples (messages, prompt and completion, or text), or a built-in text: moby-dick (1.2 MB), sotu (10.8 MB); a tenth is held out",
      "moby-dick",
    )
    .option(
      "--vocab <n>",
      "tokens: 256 are the bytes; more are learned from the text by byte-pair encoding",
      whole(BYTES, MOST_TOKENS),
      BYTES,
    )
    .addOption(
      new Option(
        "--loss <part>",
        "of examples: completion learns replies and completions alone, all learns prompts too (default: completion)",
      ).choices(LOSSES),
    )
    .option(
      "--pack",
      "put several examples into a context where they fit, without seeing each other: fewer passes for the same examples (default: each has a context of its own, filled up)",
    )
    .optionsGroup("Model:")
    .addOption(
      new Option(
        "--init <model>",
        "fine-tune a run's model, or one in a folder of Hugging Face's LLaMA layout",
      ).conflicts(["vocab", "dim", "layers", "heads", "kvHeads", "hidden", "tied"]),
    )
    .option("--adapter <folder>", "merge a LoRA adapter in PEFT's layout into the weights of --init")
    .option("--dim <n>", "width, a multiple of twice the heads", whole(2), 128)
    .option("--layers <n>", "transformer layers", whole(1), 4)
    .option("--heads <n>", "attention heads", whole(1), 4)
    .option("--kv-heads <n>", "key and value heads, a divisor of the heads (default: as many as heads)", whole(1))
    .option("--hidden <n>", "width of the feed-forward layers (default: 8/3 of dim, rounded up to 32)", whole(2))
    .option("--context <n>", "tokens that the model looks back", whole(2), 128)
    .option("--tied", "share the embedding with the output head")
    .addOption(
      new Option(
        "--weights <type>",
        "numbers in the matrices: f32, or bf16 in half the memory, rounded at random after each step so that small steps count (default: f32)",
      ).choices(WEIGHTS),
    );
}

function addOptimizer(command: Command): void {
  command
    .optionsGroup("Optimizer:")
    .addOption(
      new Option("--optimizer <name>", "for the hidden matrices; embeddings, norms and the head always use AdamW")
        .choices(OPTIMIZER_NAMES)
        .default("sumo"),
    )
    .addOption(
      new Option(
        "--train <parameters>",
        "what is trained; hidden leaves embeddings, norms and the head as they are, so that a LoRA adapter holds the whole change (default: all; with --method lora: hidden)",
      ).choices(TRAINED),
    )
    .addOption(
      new Option(
        "--method <name>",
        "of fine-tuning: full trains the weights, lora factors of a change of low rank, by the same optimizers (default: full)",
      ).choices(METHODS),
    )
    .option(
      "--rank <n>",
      "dimension of SUMO's or GaLore's subspace (default: a quarter of a matrix's shorter side), or of LoRA's factors or an exported adapter (default: 8)",
      whole(1),
    )
    .option("--alpha <x>", "LoRA's scaling, times its rank (default: twice the rank)", positive)
    .addOption(
      new Option(
        "--targets <modules>",
        `modules that LoRA changes, from ${TARGETS.join(", ")} (default: all)`,
      ).argParser(namesFrom(TARGETS)),
    )
    .addOption(
      new Option(
        "--state-bits <n>",
        "bits of a number in the state of SUMO, Muon and AdamW, which also trains embeddings, norms and head: 8 takes a quarter of the memory of 32; 4, of Muon, an eighth, with AdamW's in 8 (default: 32)",
      ).argParser(oneOf(STATE_BITS)),
    )
    .option(
      "--lr <x>",
      `learning rate of the hidden matrices (default: ${ratesOf("learningRate")}; with --init: ${ratesOf("fineTuningRate")}; ten times these for LoRA's factors)`,
      positive,
    )
    .option(
      "--aux-lr <x>",
      `AdamW's learning rate for embeddings, norms and the head (default: ${AUX_RATES.learning}; with --init: ${AUX_RATES.fineTuning})`,
      positive,
    )
    .option("--momentum <x>", "of sumo, muon and sgd, in [0, 1) (default: the optimizer's own)", between(0, 1, "[)"))
    .addOption(
      new Option(
        "--residual <name>",
        "what SUMO does with the gradient outside its subspace; joint orthogonalizes it with the rest, at Muon's price (default: fira)",
      ).choices(RESIDUALS),
    )
    .addOption(
      new Option(
        "--equilibrate <rows>",
        "rows brings the rows of outputs to one length before the whole matrix is orthogonalized: of muon, or of sumo with --residual joint (default: off)",
      ).choices(EQUILIBRATIONS),
    )
    .option("--beta2 <x>", "AdamW's decay of squared gradients, in [0, 1)", between(0, 1, "[)"), 0.99)
    .option(
      "--weight-decay <x>",
      "decoupled weight decay of the matrices",
      between(0, Number.POSITIVE_INFINITY, "[)"),
      0,
    )
    .addOption(new Option("--schedule <name>", "course of both learning rates").choices(SCHEDULES).default("cosine"))
    .option("--warmup <n>", "steps of linear warm-up", whole(0), 20)
    .option("--final-lr <x>", "where the schedule ends, as a fraction of its peak", between(0, 1, "[]"), 0.1);
}

function addRun(command: Command): void {
  command
    .optionsGroup("Run:")
    .option("--steps <n>", "updates in all", whole(1), 500)
    .option("--batch <n>", "windows of one context in a pass", whole(1), 8)
    .option(
      "--accumulate <n>",
      "passes that make up a step: larger steps without more memory for activations; the processes of mpirun share them, by default one each",
      whole(1, 65_536),
      1,
    )
    .option("--recompute", "keep less of a pass and compute it again on the way back: for long contexts")
    .addOption(
      new Option(
        "--engine <name>",
        "for products: wasm, the same bits everywhere, or native, the system's BLAS, which is faster",
      )
        .choices(ENGINES)
        .default("wasm"),
    )
    .option(
      "--threads <n>",
      "cores to use, at most one for each window; the bits do not depend on it (default: all; 1 with the native engine, which has threads of its own)",
      whole(1, 256),
    )
    .option(
      "--shard-state",
      "divide the optimizer's state among the processes of mpirun, as ZeRO's stage 1 does; the bits do not depend on it, nor do checkpoints (default: each has all of it)",
    )
    .option(
      "--seed <n>",
      "of weights, batches, subspaces and samples: the same seed gives the same losses",
      whole(0),
      0,
    )
    .option("--eval-every <n>", "steps between two measurements on held-out text", whole(1), 50)
    .option("--eval-tokens <n>", "held-out tokens for each of them", whole(1), 8192)
    .option(
      "--eval-answers <n>",
      "of examples: held-out questions for each of them, of which the share is shown that the model answers exactly, and of those with options the share that it chooses right (default: none)",
      whole(1),
    )
    .option(
      "--final-tokens <n>",
      "held-out tokens for the closing measurement, spread over all of them",
      whole(1),
      131072,
    )
    .option("--checkpoint-every <n>", "steps between two checkpoints", whole(1), 100)
    .option("--name <name>", "of the run's folder (default: from data and optimizer)", runName)
    .option("--runs <folder>", "where runs are kept", "runs")
    .option("--resume <run>", `go on with a run; only ${FREE.join(", ")} may be given again`)
    .addOption(
      new Option(
        "--profile",
        "show in the end where the steps spent their time, by kernel, sampled on the first thread",
      ).conflicts(["compare", "sample"]),
    )
    .option("--verbose", "print where an error came from, too");
}

function addComparison(command: Command): void {
  command
    .optionsGroup("Comparison:")
    .addOption(
      new Option(
        "--compare <names>",
        "train several optimizers alike and show one table, e.g. sumo,adamw,muon,galore, or lora:adamw for LoRA by AdamW; Muon without momentum always takes part",
      )
        .argParser(namesFrom(CONTESTANTS))
        .conflicts(["resume", "sample"]),
    )
    .option("--seeds <n>", "compare over so many seeds, from --seed on: mean and deviation", whole(1, 1000), 1)
    .addOption(
      new Option(
        "--sweep <rates>",
        "lr=a,b,c: each optimizer tries these with the first seed and keeps its best",
      ).argParser(rates),
    );
}

function addSample(command: Command): void {
  command
    .optionsGroup("Sample:")
    .addOption(new Option("--sample <run>", "write text with a trained run instead of training").conflicts("resume"))
    .option("--prompt <text>", "how the text begins", nonEmpty, "\n")
    .option("--length <n>", "tokens to write", whole(1), 400)
    .option(
      "--temperature <x>",
      "0 takes the likeliest token; 1 draws as the model says",
      between(0, Number.POSITIVE_INFINITY, "[)"),
      0.8,
    )
    .option("--top-k <n>", "draw among the k likeliest tokens only", whole(1))
    .option(
      "--top-p <x>",
      "draw among the likeliest tokens that make up this probability, in (0, 1]",
      between(0, 1, "(]"),
    );
}
