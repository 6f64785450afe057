/** Letters that equal an ASCII letter when case is ignored, beside its own two forms: the long s, and the Kelvin sign. */
const FOLDED: Readonly<Record<string, string>> = { s: "\u017f", k: "\u212a" };

/** A group that ignores case, of plain characters and alternatives. */
const CASELESS = /\(\?i:([A-Za-z'|]+)\)/g;

/**
 * Translates a pattern of Oniguruma, as a `tokenizer.json` has it, to JavaScript's: groups that ignore case become classes of letters, which Node
 * 20 takes too, and white space is Unicode's.
 *
 * @returns `undefined` if JavaScript has no such pattern.
 */
export function toRegExp(pattern: string): RegExp | undefined {
  const cased = pattern.replace(CASELESS, (_, content: string) => `(?:${content.replace(/[A-Za-z]/g, bothCases)})`);
  try {
    return new RegExp(cased.replace(/\\[\s\S]/g, whiteSpace), "gu");
  } catch {
    return undefined;
  }
}

function bothCases(letter: string): string {
  const lower = letter.toLowerCase();
  return `[${lower}${letter.toUpperCase()}${FOLDED[lower] ?? ""}]`;
}

/** An escape, with JavaScript's white space, which has U+FEFF and lacks U+0085, replaced by Unicode's. */
function whiteSpace(escaped: string): string {
  if (escaped === "\\s") return "\\p{White_Space}";
  return escaped === "\\S" ? "\\P{White_Space}" : escaped;
}
