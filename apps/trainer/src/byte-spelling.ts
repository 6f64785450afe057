import { BYTES } from "./tokenizer.ts";

/** Bytes as printable characters, as byte-level tokenizers spell them since GPT-2: printable Latin-1 stands for itself, the rest for U+0100 on. */
export function spellBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => SPELLING[byte]).join("");
}

/** The inverse of {@link spellBytes}; `undefined` if a character spells no byte. */
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
