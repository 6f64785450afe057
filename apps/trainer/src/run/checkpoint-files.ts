import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkpoint, formatManifest, type Manifest, parseManifest, RunError } from "@sumo/training";
import { digest } from "@sumo/training/text";
import { renameDurably, replaceFile, writeDurably } from "./atomic-file.ts";

const MANIFEST = "checkpoint.json";
const FILES = { model: "model.safetensors", optimizer: "optimizer.safetensors" } as const;
const PARTS = ["model", "optimizer"] as const;
type Part = (typeof PARTS)[number];

/**
 * Writes a folder's checkpoint. A process that dies at any moment leaves either the old one or the new one, never a mixture: both files are
 * written under temporary names, then the manifest with their digests is replaced atomically, and only then are they renamed.
 */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): void {
  const { step, model, optimizer } = checkpoint;
  completeRenames(folder);
  for (const part of PARTS) writeDurably(temporaryPath(folder, part), checkpoint[part]);
  const manifest = { step, model: digest(model), optimizer: digest(optimizer) };
  replaceFile(join(folder, MANIFEST), formatManifest(manifest));
  for (const part of PARTS) renameDurably(temporaryPath(folder, part), join(folder, FILES[part]));
}

/**
 * Reads a folder's checkpoint, and checks its digests. Changes nothing, and may be called while another process trains the run.
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

/** Whether a folder has a checkpoint. */
export function hasCheckpoint(folder: string): boolean {
  return existsSync(join(folder, MANIFEST));
}

const temporaryPath = (folder: string, part: Part): string => join(folder, `${FILES[part]}.new`);

/** Completes the renames of a process that died after it replaced the manifest. */
function completeRenames(folder: string): void {
  if (!hasCheckpoint(folder)) return;
  const manifest = readManifest(folder);
  for (const part of PARTS) {
    const path = temporaryPath(folder, part);
    if (locate(folder, manifest, part)?.path === path) renameDurably(path, join(folder, FILES[part]));
  }
}

/** Finds the file with the manifest's digest: under its own name, or under the temporary one. */
function locate(folder: string, manifest: Manifest, part: Part): { path: string; bytes: Uint8Array } | undefined {
  for (const path of [join(folder, FILES[part]), temporaryPath(folder, part)]) {
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
