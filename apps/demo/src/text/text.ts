import type { DataSource } from "@sumo/training";
import { Problem } from "../problem.ts";
import { sha256 } from "./sha256.ts";

/** A text to train on. */
export interface Text {
  /** Source in `config.json`: the built-in text's name, or the file beside a run that holds the text. */
  readonly source: string;
  /** UTF-8 without a byte-order mark. */
  readonly bytes: Uint8Array;
  /** Name of the user's file. */
  readonly fileName?: string;
}

/** SHA-256 of the built-in text, which the build knows. */
declare const BUILT_IN_SHA256: string;

export const BUILT_IN = "moby-dick";
/** File in a run's folder that holds a text that is not built in. */
export const OWN_TEXT = "text.txt";

/** Largest text in bytes, which fits into a phone's memory with a model. */
const MOST_BYTES = 50e6;
/** Inverse of the held-out share of a text, which must have at least one sequence and the next token. */
const HELD_OUT = 10;

/** Fetches the page's built-in text. @throws {Problem} if that fails. */
export async function builtInText(): Promise<Text> {
  const refuse = (why: string): never => {
    throw new Problem(
      `The built-in text could not be fetched (${why}). Press the button again once you are online, or choose a text of your own.`,
    );
  };
  const response = await fetch(new URL(`${BUILT_IN}.txt`, document.baseURI)).catch((error: Error) =>
    refuse(error.message),
  );
  if (!response.ok) refuse(`${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A network's login page is an answer too.
  if (sha256(bytes) !== BUILT_IN_SHA256) refuse("what came is another text");
  return { source: BUILT_IN, bytes };
}

/** Reads a file of the user's. @throws {Problem} if it is too large or not UTF-8 text. */
export async function ownText(file: File): Promise<Text> {
  if (file.size > MOST_BYTES) {
    throw new Problem(`${file.name} has ${Math.round(file.size / 1e6)} MB; this page takes up to ${MOST_BYTES / 1e6}.`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Problem(`${file.name} is not UTF-8 text. Save it as UTF-8 text first.`, { cause });
  }
  if (bytes.includes(0)) throw new Problem(`${file.name} is not text: it has zero bytes.`);
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return { source: OWN_TEXT, bytes: marked ? bytes.subarray(3) : bytes, fileName: file.name };
}

/** @throws {Problem} if the text is too short for sequences of `context` bytes. */
export function checkLength({ bytes }: Text, context: number): void {
  const least = HELD_OUT * (context + 2);
  if (bytes.length < least) {
    throw new Problem(
      `This text has ${bytes.length} bytes; the model size needs at least ${least}. Choose a longer one.`,
    );
  }
}

/** Checks a text's digest. @throws {Problem} if it differs. */
export function checkedText(text: Text, digest: string): Text {
  if (sha256(text.bytes) === digest) return text;
  throw new Problem("The text is not the one that this run learned from, or it has changed since.");
}

/** Describes a text for a run's configuration. */
export function dataSource({ source, bytes }: Text): DataSource {
  return { source, bytes: bytes.length, digest: sha256(bytes) };
}
