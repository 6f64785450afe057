import { extname } from "node:path";

/** A kind of file that is not plain text, and how to extract the text from it. */
interface FileKind {
  readonly name: string;
  readonly remedy: string;
  /** Extensions that say so. */
  readonly extensions: readonly string[];
  /** First bytes that say so, in Latin-1. */
  readonly magic: readonly string[];
}

const UNPACK = "unpack it first";
const KINDS: readonly FileKind[] = [
  { name: "gzip", remedy: "unpack it first, with gunzip", extensions: [".gz", ".tgz"], magic: ["\x1f\x8b"] },
  { name: "zip", remedy: UNPACK, extensions: [".zip", ".docx", ".epub", ".odt"], magic: ["PK\x03\x04"] },
  { name: "zstd", remedy: UNPACK, extensions: [".zst"], magic: ["\x28\xb5\x2f\xfd"] },
  { name: "xz", remedy: UNPACK, extensions: [".xz"], magic: ["\xfd7zXZ\x00"] },
  { name: "bzip2", remedy: UNPACK, extensions: [".bz2"], magic: ["BZh"] },
  { name: "PDF", remedy: "take its text out first, e.g. with pdftotext", extensions: [".pdf"], magic: ["%PDF-"] },
  {
    name: "Parquet",
    remedy: "let its name end in .parquet, and give it by itself",
    extensions: [".parquet"],
    magic: ["PAR1"],
  },
  {
    name: "SQLite",
    remedy: "export its column of texts first",
    extensions: [".sqlite", ".db"],
    magic: ["SQLite format 3\x00"],
  },
  { name: "rich text", remedy: "save it as plain text first", extensions: [".rtf"], magic: ["{\\rtf"] },
  {
    name: "UTF-16",
    remedy: "convert it first, with iconv -f UTF-16 -t UTF-8",
    extensions: [],
    magic: ["\xff\xfe", "\xfe\xff"],
  },
];
const HTML = {
  name: "HTML",
  remedy: "take its text out first, e.g. with pandoc -t plain",
  extensions: [".html", ".htm", ".xhtml"],
};
const JSON_KIND = {
  name: "JSON",
  remedy:
    "write an object a line with text, prompt and completion, or messages into a .jsonl file, e.g. with jq -c '.[]'",
  extensions: [".json", ".ipynb"],
};

/**
 * The kind of a file that is not plain text, by its extension or its first bytes; `undefined` for plain text.
 *
 * @param first - bytes of its beginning.
 * @param size - of the whole file.
 * @returns its name and how to extract the text, for a message.
 */
export function foreignKind(
  path: string,
  first: Uint8Array,
  size: number,
): { readonly name: string; readonly remedy: string } | undefined {
  const extension = extname(path).toLowerCase();
  const beginning = Buffer.from(first);
  const text = beginning
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  const binary = KINDS.find(({ magic }) => magic.some((first) => beginning.indexOf(first, 0, "latin1") === 0));
  if (binary !== undefined) return binary;
  if (/^(<!doctype html|<html)\b/i.test(text)) return HTML;
  if (startsWithJson(text, size === first.length)) return JSON_KIND;
  return [...KINDS, HTML, JSON_KIND].find(({ extensions }) => extensions.includes(extension));
}

/** Whether a text is JSON, or begins with two lines that are. `whole`: no more of it follows. */
function startsWithJson(text: string, whole: boolean): boolean {
  if (!/^[[{]/.test(text)) return false;
  if (whole && isJson(text)) return true;
  const [first = "", second = "", ...rest] = text.split("\n");
  return rest.length > 0 && isJson(first) && isJson(second);
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}
