import { toHuggingFaceConfig } from "@sumo/llama";
import { RunError } from "../errors.ts";
import { OPTION_NAMES, OPTION_RULES } from "../options/option-rules.ts";
import type { RunConfig } from "./run-config.ts";

/**
 * `checkpoint.json`: the step of a checkpoint, and the digests of the run's other files at that step, so that a missing, foreign or cut file is
 * found before anything is replaced. Digests are SHA-256 in hexadecimal.
 */
export interface Manifest {
  /** Updates made. */
  readonly step: number;
  /** Digest of {@link fixedConfig}. */
  readonly config: string;
  /** Digest of `tokenizer.json`. */
  readonly tokenizer: string;
  /** `log.jsonl` up to this step. Lines of later steps may follow. */
  readonly log: LogExtent;
  /** Digests of `model.safetensors` and `optimizer.safetensors`. Absent at step 0 of a run from random weights: its seed makes them again. */
  readonly model?: string;
  readonly optimizer?: string;
}

/** The first bytes of a log: their number and their digest. */
export interface LogExtent {
  readonly bytes: number;
  readonly digest: string;
}

/** The part of a configuration that a resumed run cannot change: fixed options, the text without its path, the model and its origin. */
export function fixedConfig({ options, data, model, origin }: RunConfig): string {
  const fixed = OPTION_NAMES.filter(
    (name) => OPTION_RULES[name] === "fixed" && name !== "data" && options[name] !== undefined,
  );
  const { bytes, digest } = data;
  return JSON.stringify([
    fixed.map((name) => [name, options[name]]),
    bytes,
    digest,
    Object.entries(toHuggingFaceConfig(model)).sort(),
    ...(origin === undefined ? [] : [origin]),
  ]);
}

/** Formats a manifest as `checkpoint.json`. */
export function formatManifest({ step, config, tokenizer, log, model, optimizer }: Manifest): string {
  const { bytes, digest } = log;
  return `${JSON.stringify({ step, config, tokenizer, log: { bytes, digest }, model, optimizer })}\n`;
}

/** Parses a `checkpoint.json`; the inverse of {@link formatManifest}. @param path - for messages. @throws {RunError} if it is damaged. */
export function parseManifest(text: string, path: string): Manifest {
  let file: Partial<Manifest> | null;
  try {
    file = JSON.parse(text) as Partial<Manifest> | null;
  } catch (cause) {
    throw new RunError(`damaged checkpoint: ${path} is not JSON`, { cause });
  }
  const { step, config, tokenizer, log, model, optimizer } = file ?? {};
  const digests = [config, tokenizer, log?.digest, ...(step === 0 && model === undefined ? [] : [model, optimizer])];
  if (isCount(step) && isCount(log?.bytes) && digests.every((digest) => typeof digest === "string")) {
    return file as Manifest;
  }
  throw new RunError(`damaged checkpoint: ${path} does not name a step and the digests of the run's files`);
}

function isCount(value: number | undefined): boolean {
  return Number.isSafeInteger(value) && value! >= 0;
}
