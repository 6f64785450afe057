import { RunError } from "../errors.ts";

/** `checkpoint.json`: the step of a checkpoint and the digests of its files. */
export interface Manifest {
  /** Updates made. */
  readonly step: number;
  /** SHA-256 of `model.safetensors` and of `optimizer.safetensors`, in hexadecimal. */
  readonly model: string;
  readonly optimizer: string;
}

/** Formats a manifest as `checkpoint.json`. */
export function formatManifest({ step, model, optimizer }: Manifest): string {
  return `${JSON.stringify({ step, model, optimizer })}\n`;
}

/** Parses a `checkpoint.json`; the inverse of {@link formatManifest}. @param path - for messages. @throws {RunError} if it is damaged. */
export function parseManifest(text: string, path: string): Manifest {
  let file: Partial<Manifest> | null;
  try {
    file = JSON.parse(text) as Partial<Manifest> | null;
  } catch (cause) {
    throw new RunError(`damaged checkpoint: ${path} is not JSON`, { cause });
  }
  const { step, model, optimizer } = file ?? {};
  if (Number.isSafeInteger(step) && step! >= 0 && typeof model === "string" && typeof optimizer === "string") {
    return { step: step!, model, optimizer };
  }
  throw new RunError(`damaged checkpoint: ${path} does not name a step and two files`);
}
