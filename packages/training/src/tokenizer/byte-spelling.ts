import { BYTES } from "./tokenizer.ts";

/** Writes bytes as printable characters, in GPT-2's byte-level encoding: printable Latin-1 stands for itself, the rest is U+0100 onwards. */
export function spellBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => SPELLING[byte]).join("");
}

/** The inverse of {@link spellBytes}; `undefined` if a character encodes no byte. */
export function unspellBytes(text: string): Uint8Array | undefined {
  const bytes = Array.from(text, (character) => MEANING.get(character));
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : undefined;
}

const SPELLING = spelling();
const MEANING: ReadonlyMap<string, number> = new Map(SPELLING.map((character, byte) => [character, byte]));

function spelling(): string[] {
  let next = 256;
  return Array.from({ length: BYTES }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCodePoint(printable ? byte : next++);
  });
}
