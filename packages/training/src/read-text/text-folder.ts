import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { extname, join, relative } from "node:path";

/** Extensions of the files that are read from a folder. */
const TEXT_EXTENSIONS = new Set([".txt", ".md"]);

/** Folders that programs fill. */
const GENERATED = new Set(["node_modules", "bower_components", "__pycache__", "site-packages"]);

/** Names that are given of what was left out for one reason. */
const MOST_NAMES = 3;

/** Files of a folder: those with text, and those that are left out. */
export interface TextFolder {
  /** Paths, sorted. */
  readonly files: readonly string[];
  /** Entries that were left out and why, in words: `2 hidden (.git, .notes.txt)`. */
  readonly leftOut: readonly string[];
}

/**
 * Lists the `.txt` and `.md` files of a folder and its subfolders. Links are followed, and what several lead to is listed once. Hidden
 * entries, folders that programs fill, other files and broken links are left out.
 */
export function listTexts(folder: string): TextFolder {
  const files: string[] = [];
  const seen = new Set([realpathSync(folder)]);
  const leftOut = new Map<string, string[]>();
  const leave = (reason: string, path: string): void => {
    leftOut.set(reason, [...(leftOut.get(reason) ?? []), relative(folder, path)]);
  };
  const visit = (parent: string): void => {
    for (const entry of entriesOf(parent)) {
      const path = join(parent, entry.name);
      const reason = reasonAgainst(entry.name);
      const status = reason === undefined ? statusOf(path) : undefined;
      if (reason !== undefined) leave(reason, path);
      else if (status === undefined) leave("broken links", path);
      else if (!status.isDirectory() && !(status.isFile() && TEXT_EXTENSIONS.has(extname(path).toLowerCase()))) {
        leave("of another kind", path);
      } else if (seen.has(realpathSync(path))) leave("linked twice", path);
      else {
        seen.add(realpathSync(path));
        if (status.isDirectory()) visit(path);
        else files.push(path);
      }
    }
  };
  visit(folder);
  return { files: files.sort(), leftOut: Array.from(leftOut, ([reason, names]) => inWords(reason, names)) };
}

/** Entries of a folder: files and folders before links, so that a text is listed under its own name. */
function entriesOf(folder: string): Dirent[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...entries.filter((entry) => !entry.isSymbolicLink()), ...entries.filter((entry) => entry.isSymbolicLink())];
}

/** Status of what a path leads to; `undefined` for a link that leads nowhere, or to itself. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") return undefined;
    throw error;
  }
}

function reasonAgainst(name: string): string | undefined {
  if (name.startsWith(".")) return "hidden";
  return GENERATED.has(name) ? "generated" : undefined;
}

function inWords(reason: string, names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ", …" : "";
  return `${names.length} ${reason} (${names.slice(0, MOST_NAMES).join(", ")}${more})`;
}
