import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

/** The root of the site's sources. */
export const root = join(import.meta.dirname, "..");

const folders = [".", "guide", "examples", "theory", "evidence"];

/** The pages that are written by hand, relative to {@link root}. */
export const pages: readonly string[] = folders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md") && !name.startsWith("["))
    .map((name) => relative(root, join(root, folder, name))),
);
