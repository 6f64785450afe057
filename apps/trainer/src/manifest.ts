import { RunError } from "./errors.ts";

/** `checkpoint.json`: which files belong together. */
export interface Manifest {
  /** Updates that were made. */
  readonly step: number;
  /** SHA-256 of `model.safetensors` and of `optimizer.safetensors`, in hexadecimal. */
  readonly model: string;
  readonly optimizer: string;
}

export function formatManifest({ step, model, optimizer }: Manifest): string {
  return `${JSON.stringify({ step, model, optimizer })}\n`;
}

/** The inverse of {@link formatManifest}. @param path - for messages. @throws {RunError} */
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
