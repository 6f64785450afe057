import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { renameDurably, replaceFile, writeDurably } from "./atomic-file.ts";
import { digest } from "./data.ts";
import { RunError } from "./errors.ts";
import { formatManifest, type Manifest, parseManifest } from "./manifest.ts";

/** Weights and optimizer state after `step` updates. */
export interface Checkpoint {
  readonly step: number;
  /** A safetensors file. */
  readonly model: Uint8Array;
  /** A safetensors file. */
  readonly optimizer: Uint8Array;
}

const MANIFEST = "checkpoint.json";
const FILES = { model: "model.safetensors", optimizer: "optimizer.safetensors" } as const;
const PARTS = ["model", "optimizer"] as const;
type Part = (typeof PARTS)[number];

/**
 * Makes `checkpoint` the folder's checkpoint. A process that dies at any moment leaves either the old one or the new one, never a mixture:
 * both files are written aside, then the manifest that names them by their digests is replaced in one step, and only then are they renamed.
 */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): void {
  const { step, model, optimizer } = checkpoint;
  settle(folder);
  for (const part of PARTS) writeDurably(aside(folder, part), checkpoint[part]);
  const manifest = { step, model: digest(model), optimizer: digest(optimizer) };
  replaceFile(join(folder, MANIFEST), formatManifest(manifest));
  for (const part of PARTS) renameDurably(aside(folder, part), join(folder, FILES[part]));
}

/**
 * The folder's checkpoint, every byte of it checked. Changes nothing, and may be called while another process trains the run.
 *
 * @throws {RunError} if there is none, or a file is missing or damaged.
 */
export function readCheckpoint(folder: string): Checkpoint {
  const manifest = readManifest(folder);
  const model = locate(folder, manifest, "model");
  const optimizer = locate(folder, manifest, "optimizer");
  if (model !== undefined && optimizer !== undefined) {
    return { step: manifest.step, model: model.bytes, optimizer: optimizer.bytes };
  }
  // Another process may have completed a checkpoint meanwhile.
  if (readManifest(folder).step !== manifest.step) return readCheckpoint(folder);
  const file = join(folder, FILES[model === undefined ? "model" : "optimizer"]);
  throw new RunError(`damaged checkpoint: ${file} is ${existsSync(file) ? "not what was saved" : "missing"}`);
}

/** Whether a checkpoint was ever completed in this folder. */
export function hasCheckpoint(folder: string): boolean {
  return existsSync(join(folder, MANIFEST));
}

const aside = (folder: string, part: Part): string => join(folder, `${FILES[part]}.new`);

/** Finishes the renames of a checkpoint that was completed by a process that died right after. */
function settle(folder: string): void {
  if (!hasCheckpoint(folder)) return;
  const manifest = readManifest(folder);
  for (const part of PARTS) {
    const path = aside(folder, part);
    if (locate(folder, manifest, part)?.path === path) renameDurably(path, join(folder, FILES[part]));
  }
}

/** The file whose digest the manifest names: the one in place, or the one that was not renamed yet. */
function locate(folder: string, manifest: Manifest, part: Part): { path: string; bytes: Uint8Array } | undefined {
  for (const path of [join(folder, FILES[part]), aside(folder, part)]) {
    if (!existsSync(path)) continue;
    const bytes = readFileSync(path);
    if (digest(bytes) === manifest[part]) return { path, bytes };
  }
  return undefined;
}

function readManifest(folder: string): Manifest {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) throw new RunError(`no checkpoint in ${folder}: the run ended before its first one`);
  return parseManifest(readFileSync(path, "utf8"), path);
}
