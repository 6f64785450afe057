/** Most characters that search engines and social cards show. */
const MOST = 200;

/**
 * Description of a page for search engines and social cards: its first paragraph of prose as plain text, cut after a whole sentence, or a
 * word, of at most 200 characters; `undefined` without prose.
 */
export function pageDescription(markdown: string): string | undefined {
  const body = markdown.replace(/^---\n[\s\S]*?\n---\n/, "").replace(/<script[\s\S]*?<\/script>/g, "");
  const paragraphs = body.replace(/```[\s\S]*?```/g, "").split(/\n\s*\n/);
  const prose = paragraphs.map((paragraph) => paragraph.trim()).find((paragraph) => /^[\p{L}`"“[*]/u.test(paragraph));
  if (prose === undefined) return undefined;
  const text = prose
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/{{[^}]*}}/g, "…")
    .replace(/[`*]/g, "")
    .replace(/\s+/g, " ");
  if (text.length <= MOST) return text;
  const cut = text.slice(0, MOST);
  const sentence = cut.lastIndexOf(". ");
  return sentence > MOST / 4 ? cut.slice(0, sentence + 1) : `${cut.slice(0, cut.lastIndexOf(" "))} …`;
}
