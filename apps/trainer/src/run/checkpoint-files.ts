import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { WeightFile } from "@sumo/llama";
import {
  type Checkpoint,
  type CheckpointPieces,
  formatManifest,
  type Manifest,
  parseManifest,
  RunError,
} from "@sumo/training";
import { digestOfFile, renameDurably, replaceFile, writeDurably } from "./atomic-file.ts";
import { diskFile } from "./disk-file.ts";

const MANIFEST = "checkpoint.json";
const FILES = { model: "model.safetensors", optimizer: "optimizer.safetensors" } as const;
const PARTS = ["model", "optimizer"] as const;
type Part = (typeof PARTS)[number];

/** Digests of a run's other files, for the manifest of its checkpoint. */
export type RunDigests = Pick<Manifest, "config" | "tokenizer" | "log">;

/**
 * Writes a folder's checkpoint. A process that dies at any moment leaves either the old one or the new one, never a mixture: both files are
 * written under temporary names, then the manifest with their digests is replaced atomically, and only then are they renamed.
 */
export function writeCheckpoint(folder: string, checkpoint: CheckpointPieces, digests: RunDigests): void {
  const { step } = checkpoint;
  completeCheckpoint(folder);
  const [model, optimizer] = PARTS.map((part) => writeDurably(temporaryPath(folder, part), checkpoint[part]));
  writeManifest(folder, { ...digests, step, model: model!, optimizer: optimizer! });
  for (const part of PARTS) renameDurably(temporaryPath(folder, part), join(folder, FILES[part]));
}

/** Writes the manifest of a run at step 0, whose weights its seed makes. */
export function writeFirstManifest(folder: string, digests: RunDigests): void {
  writeManifest(folder, { ...digests, step: 0 });
}

/**
 * Reads a folder's checkpoint, and checks its digests. Changes nothing, and may be called while another process trains the run.
 *
 * @returns `undefined` at step 0 of a run whose weights its seed makes.
 * @throws {RunError} if a file is missing or damaged, or was not written by the run.
 */
export function readCheckpoint(folder: string): Checkpoint | undefined {
  const manifest = readManifest(folder);
  if (manifest.model === undefined) return refuseStrangers(folder);
  const model = locate(folder, manifest, "model");
  const optimizer = locate(folder, manifest, "optimizer");
  if (model !== undefined && optimizer !== undefined) {
    return { step: manifest.step, model, optimizer };
  }
  // Another process may have completed a checkpoint meanwhile.
  if (readManifest(folder).step !== manifest.step) return readCheckpoint(folder);
  throw damaged(join(folder, FILES[model === undefined ? "model" : "optimizer"]));
}

/**
 * Completes the checkpoint of a process that died while it wrote one: renames the files that the manifest names, and deletes those that were
 * written for no manifest.
 */
export function completeCheckpoint(folder: string): void {
  for (const part of PARTS) {
    const path = temporaryPath(folder, part);
    if (!existsSync(path)) continue;
    if (digestOfFile(path) === readManifest(folder)[part]) renameDurably(path, join(folder, FILES[part]));
    else rmSync(path);
  }
}

/** Reads a folder's manifest. @throws {RunError} if it is missing or damaged. */
export function readManifest(folder: string): Manifest {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) throw damaged(path);
  return parseManifest(readFileSync(path, "utf8"), path);
}

/** Whether a folder has a checkpoint's manifest. */
export function hasManifest(folder: string): boolean {
  return existsSync(join(folder, MANIFEST));
}

/** The error for a file of a run that is missing, or is not what the run wrote. */
export function damaged(path: string): RunError {
  return new RunError(
    `damaged run: ${path} is ${existsSync(path) ? `not the one that ${MANIFEST} names` : "missing"}; nothing was changed: ` +
      "put back the run's own file, or start a new run",
  );
}

const temporaryPath = (folder: string, part: Part): string => join(folder, `${FILES[part]}.new`);

function writeManifest(folder: string, manifest: Manifest): void {
  replaceFile(join(folder, MANIFEST), formatManifest(manifest));
}

/** @throws {RunError} if there are weights or states that no checkpoint of the run names. */
function refuseStrangers(folder: string): undefined {
  const stranger = PARTS.map((part) => join(folder, FILES[part])).find((path) => existsSync(path));
  if (stranger !== undefined) throw damaged(stranger);
}

/** Finds the file with the manifest's digest: under its own name, or under the temporary one. */
function locate(folder: string, manifest: Manifest, part: Part): WeightFile | undefined {
  for (const path of [join(folder, FILES[part]), temporaryPath(folder, part)]) {
    if (!existsSync(path)) continue;
    const file = diskFile(path); // before its digest, so that a later change is noticed
    if (digestOfFile(path) === manifest[part]) return file;
  }
  return undefined;
}
