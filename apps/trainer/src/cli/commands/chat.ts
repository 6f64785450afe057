import { createInterface, type Interface } from "node:readline";
import { setImmediate as pause } from "node:timers/promises";
import { createWasmEngine } from "@sumo/linalg";
import { createLlama } from "@sumo/llama";
import { Chat, chatFormat, DataError, planSample } from "@sumo/training";
import colors from "picocolors";
import { readModel } from "../../run/model-folder.ts";
import type { Screen } from "../../screen/screen.ts";
import { textsOf } from "../../training/run-data.ts";
import type { CliOptions } from "../cli-options.ts";

/** Tokens of a conversation that are kept, unless the model's context or `--context` says otherwise. */
const MOST_TOKENS = 4096;

/** Where a person types. */
export interface Keyboard {
  readonly stream: NodeJS.ReadableStream;
  readonly isTTY: boolean;
}

/**
 * Talks with the model of a run or a folder: a line is a message, and the reply streams. In a terminal Ctrl-C stops a reply, and Ctrl-D, or Ctrl-C
 * between two, ends the program; from a pipe each line gets its reply. Returns the exit code.
 *
 * @param context - tokens of the conversation that are kept, at most the model's context.
 * @param base - folder that relative paths start from.
 */
export async function chat(
  cli: CliOptions,
  run: string,
  context: number | undefined,
  base: string,
  keyboard: Keyboard,
  screen: Screen,
): Promise<number> {
  const { config, tokenizer, weights, companions } = readModel(cli.runs, run, base);
  const format = chatFormat(textsOf(companions), tokenizer);
  const kept = Math.min(config.context, context ?? MOST_TOKENS);
  const engine = createWasmEngine({ bytes: planSample(config, kept) });
  const model = createLlama(config, { engine, weights });
  const talk = new Chat(model, tokenizer, format, { ...cli, context: kept });
  const lines = createInterface({
    input: keyboard.stream,
    ...(keyboard.isTTY && { output: process.stdout, prompt: colors.bold("> ") }),
  });
  const exitCode = await converse(talk, lines, keyboard.isTTY, screen);
  talk.dispose();
  return exitCode;
}

/** Replies to one line after another. Returns 1 if one could not be replied to. */
async function converse(talk: Chat, lines: Interface, isTTY: boolean, screen: Screen): Promise<number> {
  let exitCode = 0;
  let replying = false;
  let stopped = false;
  let closed = false;
  const prompt = () => {
    // A pipe may have closed the lines while the last of them are replied to, and then there is nothing to ask for.
    if (isTTY && !closed) lines.prompt();
  };
  lines.on("close", () => {
    closed = true;
  });
  lines.on("SIGINT", () => {
    if (replying) stopped = true;
    else lines.close();
  });
  screen.closed.addEventListener("abort", () => lines.close());
  prompt();
  for await (const line of lines) {
    if (line.trim() !== "") {
      [replying, stopped] = [true, false];
      try {
        const before = talk.forgotten;
        for (const piece of talk.say(line)) {
          screen.write(piece);
          await pause(); // so that Ctrl-C and a closed output are noticed
          if (stopped || screen.closed.aborted) break;
        }
        screen.write("\n");
        if (isTTY && talk.forgotten > before)
          screen.write(colors.dim("the context is full: the oldest turns are forgotten\n"));
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        process.stderr.write(`${colors.red("error:")} ${error.message}\n`);
        exitCode = 1;
      }
      replying = false;
    }
    if (screen.closed.aborted) break;
    prompt();
  }
  return exitCode;
}
