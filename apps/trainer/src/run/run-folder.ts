import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  formatConfig,
  formatTokenizer,
  parseConfig,
  parseTokenizer,
  type RunConfig,
  RunError,
  type Tokenizer,
} from "@sumo/training";
import { replaceFile } from "./atomic-file.ts";

const CONFIG = "config.json";
const TOKENIZER = "tokenizer.json";

/** Path of a run's log. */
export const logPath = (folder: string): string => join(folder, "log.jsonl");

/** Creates the folder of a new run, as {@link makeFolder} does, with its `tokenizer.json` and `config.json`. */
export function createRun(
  runs: string,
  name: string | undefined,
  prefix: string,
  config: RunConfig,
  tokenizer: Tokenizer,
): string {
  const folder = makeFolder(runs, name, prefix);
  replaceFile(join(folder, TOKENIZER), formatTokenizer(tokenizer));
  writeConfig(folder, config); // last: a folder with `config.json` is a run
  return folder;
}

/**
 * Creates a folder in `runs`.
 *
 * @param name - chosen by the user; `undefined` takes the first of `prefix-1`, `prefix-2`, … that is free.
 * @throws {RunError} if the chosen name is taken. Nothing is written then.
 */
export function makeFolder(runs: string, name: string | undefined, prefix: string): string {
  mkdirSync(runs, { recursive: true });
  return name === undefined ? makeFree(runs, prefix) : makeNamed(runs, name);
}

/** Writes `config.json` atomically. */
export function writeConfig(folder: string, config: RunConfig): void {
  replaceFile(join(folder, CONFIG), formatConfig(config));
}

/** Reads the configuration and the tokenizer of a run. @throws {RunError} if the folder holds no run that this version can read. */
export function readRun(folder: string): RunConfig & { readonly tokenizer: Tokenizer } {
  const config = parseConfig(read(join(folder, CONFIG)), join(folder, CONFIG));
  const tokenizer = parseTokenizer(read(join(folder, TOKENIZER)), join(folder, TOKENIZER));
  return { ...config, tokenizer };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new RunError(`damaged run: cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Finds the folder of a run.
 *
 * @param run - a name in `runs`, or a path.
 * @throws {RunError} if there is none; lists the runs of the folder.
 */
export function findRun(runs: string, run: string): string {
  for (const folder of [join(runs, run), resolve(run)]) if (existsSync(join(folder, CONFIG))) return folder;
  const names = runNames(runs);
  throw new RunError(
    `no run ${run} in ${runs} (${names.length === 0 ? "it holds none" : `there are: ${names.join(", ")}`})`,
  );
}

/** Names of all runs in a folder, sorted. */
export function runNames(runs: string): string[] {
  if (!existsSync(runs)) return [];
  const entries = readdirSync(runs, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(runs, entry.name, CONFIG)))
    .map(({ name }) => name)
    .sort();
}

function makeNamed(runs: string, name: string): string {
  const folder = join(runs, name);
  if (!tryMake(folder))
    throw new RunError(`${folder} is there already: choose another --name, or go on with it: --resume ${name}`);
  return folder;
}

function makeFree(runs: string, prefix: string): string {
  for (let i = 1; ; i++) {
    const folder = join(runs, `${prefix}-${i}`);
    if (tryMake(folder)) return folder;
  }
}

/** Creates a folder; false if it exists. One system call, so that only one of two processes succeeds. */
function tryMake(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new RunError(`cannot make ${folder}: ${(error as Error).message}`, { cause: error });
  }
}
