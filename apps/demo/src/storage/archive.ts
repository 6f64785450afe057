import {
  type CheckpointBytes,
  fixedConfig,
  formatConfig,
  formatLine,
  formatManifest,
  type Manifest,
  parseConfig,
  parseLog,
  parseManifest,
  parseTokenizer,
  TrainingError,
} from "@sumo/training";
import { strFromU8, strToU8, type Unzipped, unzipSync, type Zippable, zipSync } from "fflate";
import { Problem } from "../problem.ts";
import type { Line } from "../runs/protocol.ts";
import type { RunRecord } from "../runs/run.ts";
import { sha256 } from "../text/sha256.ts";
import { OWN_TEXT, type Text } from "../text/text.ts";

/** Names of the files in a run's folder, as the command line writes them. */
const CONFIG = "config.json";
const TOKENIZER = "tokenizer.json";
const LOG = "log.jsonl";
const MANIFEST = "checkpoint.json";
const MODEL = "model.safetensors";
const OPTIMIZER = "optimizer.safetensors";
const FILES = [CONFIG, TOKENIZER, LOG, MANIFEST, MODEL, OPTIMIZER, OWN_TEXT];

/** Largest file that is unpacked. */
const MOST_BYTES = 2 ** 28;

/** Contents of an archive: runs on one text. */
export interface Archive {
  readonly records: readonly RunRecord[];
  /** The text; absent if it is built in, or missing from the archive. */
  readonly text: Text | undefined;
}

/** Formats runs as an uncompressed zip with one folder a run; unpacked, they are runs of the command line. */
export function formatArchive(records: readonly RunRecord[], text: Text): Uint8Array<ArrayBuffer> {
  const folders = records.map((record) => [record.name, folderOf(record, text)] as const);
  return zipSync(Object.fromEntries(folders), { level: 0 });
}

function folderOf(record: RunRecord, text: Text): Zippable {
  const { config, tokenizer, lines, checkpoint } = record;
  const log = strToU8(
    upTo(checkpoint?.step ?? -1, lines)
      .map(formatLine)
      .join(""),
  );
  return {
    [CONFIG]: strToU8(formatConfig(config)),
    [TOKENIZER]: strToU8(tokenizer),
    [LOG]: log,
    [MANIFEST]: strToU8(formatManifest(manifestOf(record, log))),
    ...(text.source === OWN_TEXT && { [OWN_TEXT]: text.bytes }),
    ...(checkpoint && { [MODEL]: checkpoint.model, [OPTIMIZER]: checkpoint.optimizer }),
  };
}

function manifestOf({ config, tokenizer, checkpoint }: RunRecord, log: Uint8Array): Manifest {
  return {
    step: checkpoint?.step ?? 0,
    config: sha256(strToU8(fixedConfig(config))),
    tokenizer: sha256(strToU8(tokenizer)),
    log: { bytes: log.length, digest: sha256(log) },
    ...(checkpoint && { model: sha256(checkpoint.model), optimizer: sha256(checkpoint.optimizer) }),
  };
}

function upTo<T extends { readonly step: number }>(step: number, lines: readonly T[]): T[] {
  return lines.filter((line) => line.step <= step);
}

/** Parses an archive; the inverse of {@link formatArchive}. Reads a zip of the command line's runs too. @throws {Problem} for other files. */
export function parseArchive(bytes: Uint8Array, fileName: string): Archive {
  const files = unzip(bytes, fileName);
  const configs = Object.keys(files).filter((path) => path === CONFIG || path.endsWith(`/${CONFIG}`));
  if (configs.length === 0) throw new Problem(`${fileName} holds no run: there is no ${CONFIG} in it.`);
  try {
    const records = configs.map((path) => recordOf(files, path.slice(0, -CONFIG.length), fileName));
    if (new Set(records.map(({ config }) => config.data.digest)).size > 1) {
      throw new Problem(`The runs in ${fileName} learned from different texts; open one at a time.`);
    }
    const own = files[configs[0]!.slice(0, -CONFIG.length) + OWN_TEXT];
    return { records, text: own && { source: OWN_TEXT, bytes: own } };
  } catch (error) {
    if (error instanceof TrainingError) throw new Problem(`${fileName}: ${error.message}`, { cause: error });
    throw error;
  }
}

function unzip(bytes: Uint8Array, fileName: string): Unzipped {
  try {
    return unzipSync(bytes, {
      filter: ({ name, originalSize }) => FILES.includes(baseName(name)) && originalSize <= MOST_BYTES,
    });
  } catch (cause) {
    throw new Problem(`${fileName} is not a zip file, or a damaged one.`, { cause });
  }
}

function recordOf(files: Unzipped, folder: string, fileName: string): RunRecord {
  const text = (name: string): string => {
    const found = files[folder + name];
    if (found === undefined) throw new Problem(`${fileName} is damaged: ${folder}${name} is missing.`);
    return strFromU8(found);
  };
  const tokenizer = text(TOKENIZER);
  parseTokenizer(tokenizer, folder + TOKENIZER);
  return {
    name: baseName(folder.slice(0, -1)) || fileName.replace(/\.zip$/, ""),
    config: parseConfig(text(CONFIG), folder + CONFIG),
    tokenizer,
    ...progressOf(files, folder, text, fileName),
  };
}

/** Reads a checkpoint, and the log up to it. */
function progressOf(
  files: Unzipped,
  folder: string,
  text: (name: string) => string,
  fileName: string,
): Pick<RunRecord, "lines" | "checkpoint"> {
  const manifest = parseManifest(text(MANIFEST), folder + MANIFEST);
  const part = (name: string, digest: string): Uint8Array => {
    const found = files[folder + name];
    if (found === undefined || sha256(found) !== digest) {
      throw new Problem(`${fileName} is damaged: ${folder}${name} is ${found ? "not what was saved" : "missing"}.`);
    }
    return found;
  };
  const { step, model, optimizer } = manifest;
  if (model === undefined || optimizer === undefined) return { lines: [], checkpoint: undefined };
  const checkpoint: CheckpointBytes = { step, model: part(MODEL, model), optimizer: part(OPTIMIZER, optimizer) };
  const lines: Line[] = parseLog(text(LOG), folder + LOG);
  return { lines: upTo(step, lines), checkpoint };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
