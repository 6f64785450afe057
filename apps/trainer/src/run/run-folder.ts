import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  type CheckpointPieces,
  fixedConfig,
  formatConfig,
  formatTokenizer,
  type Origin,
  parseConfig,
  parseTokenizer,
  type RunConfig,
  RunError,
  type Tokenizer,
} from "@sumo/training";
import { digest } from "@sumo/training/text";
import { replaceFile, syncFolder } from "./atomic-file.ts";
import { damaged, type RunDigests, readManifest, writeCheckpoint, writeFirstManifest } from "./checkpoint-files.ts";
import { EMPTY_LOG, hasExtent } from "./log-file.ts";

const CONFIG = "config.json";
const TOKENIZER = "tokenizer.json";

/** Path of a run's log. */
export const logPath = (folder: string): string => join(folder, "log.jsonl");

/** A run as its folder has it. */
export interface StoredRun extends RunConfig {
  readonly tokenizer: Tokenizer;
  /** Digests of what a checkpoint belongs to. */
  readonly digests: Omit<RunDigests, "log">;
}

/** Files of a published model that a run keeps for its export, by name. */
export type Companions = Readonly<Record<string, Uint8Array>>;

/**
 * Creates the folder of a new run, as {@link makeFolder} does, with its tokenizer, its companions, its first checkpoint and its configuration.
 * After a failure the folder is gone.
 *
 * @param companions - the files that the run's origin names.
 * @param checkpoint - initial weights; `undefined` if the seed makes them.
 */
export function createRun(
  runs: string,
  name: string | undefined,
  prefix: string,
  run: Omit<StoredRun, "digests">,
  companions: Companions = {},
  checkpoint?: CheckpointPieces,
): StoredRun & { readonly folder: string } {
  const folder = makeFolder(runs, name, prefix);
  const tokenizer = formatTokenizer(run.tokenizer);
  const digests = digestsOf(run, tokenizer);
  try {
    syncFolder(dirname(folder));
    replaceFile(join(folder, TOKENIZER), tokenizer);
    for (const [name, content] of Object.entries(companions)) replaceFile(join(folder, name), content);
    if (checkpoint === undefined) writeFirstManifest(folder, { ...digests, log: EMPTY_LOG });
    else writeCheckpoint(folder, checkpoint, { ...digests, log: EMPTY_LOG });
    writeConfig(folder, run); // last: a folder with `config.json` is a run
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { ...run, digests, folder };
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
export function writeConfig(folder: string, { options, data, model, origin }: RunConfig): void {
  replaceFile(join(folder, CONFIG), formatConfig({ options, data, model, ...(origin && { origin }) }));
}

/** Reads the configuration of a run. @throws {RunError} if the folder holds none that this version can read. */
export function readConfig(folder: string): RunConfig {
  return parseConfig(read(join(folder, CONFIG)), join(folder, CONFIG));
}

/** Reads the files that a run's origin names. @throws {RunError} if one is missing, or is not the one that the run began with. */
export function readCompanions(folder: string, origin: Origin | undefined): Companions {
  const entries = Object.entries(origin?.files ?? {}).map(([name, known]) => {
    const path = join(folder, name);
    const content = existsSync(path) ? readFileSync(path) : undefined;
    if (content === undefined || digest(content) !== known) throw damaged(path);
    return [name, content] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * Reads a run that is to go on, and checks that its configuration, tokenizer, companions and log are those of its checkpoint. Changes nothing.
 *
 * @throws {RunError} if one of them is missing, or was not written by the run.
 */
export function openRun(folder: string): StoredRun {
  const config = readConfig(folder);
  const text = read(join(folder, TOKENIZER));
  const digests = digestsOf(config, text);
  const manifest = readManifest(folder);
  if (manifest.config !== digests.config) throw damaged(join(folder, CONFIG));
  if (manifest.tokenizer !== digests.tokenizer) throw damaged(join(folder, TOKENIZER));
  readCompanions(folder, config.origin);
  if (!hasExtent(logPath(folder), manifest.log)) throw damaged(logPath(folder));
  return { ...config, tokenizer: parseTokenizer(text, join(folder, TOKENIZER)), digests };
}

function digestsOf(config: RunConfig, tokenizer: string): Omit<RunDigests, "log"> {
  return { config: digest(Buffer.from(fixedConfig(config))), tokenizer: digest(Buffer.from(tokenizer)) };
}

function read(path: string): string {
  if (!existsSync(path)) throw damaged(path);
  return readFileSync(path, "utf8");
}

/**
 * Finds the folder of a run.
 *
 * @param run - a name in `runs`, or a path.
 * @throws {RunError} if there is none; lists the runs of the folder.
 */
export function findRun(runs: string, run: string): string {
  for (const folder of [join(runs, run), resolve(run)]) if (existsSync(join(folder, CONFIG))) return folder;
  const incomplete = [join(runs, run), resolve(run)].find((folder) => existsSync(folder));
  if (incomplete !== undefined) {
    throw new RunError(
      `${incomplete} is no run: ${CONFIG} is missing; put it back, or, if the run ended before it began, delete the folder`,
    );
  }
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
  if (tryMake(folder)) return folder;
  const remedy = existsSync(join(folder, CONFIG)) ? `go on with it: --resume ${name}` : "delete it: it is no run";
  throw new RunError(`${folder} is there already: choose another --name, or ${remedy}`);
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
    throw error;
  }
}
