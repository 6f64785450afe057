// No folder of sources holds more files than a reader can take in at a glance. Tests and generated files do not count.
import { readdirSync } from "node:fs";
import { join } from "node:path";

const MOST_FILES = 15;
const isSource = (name) => /\.(ts|vue)$/.test(name) && !/\.(test|test-d|generated)\.ts$/.test(name);

function crowdedFolders(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && isSource(entry.name));
  const inside = entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => crowdedFolders(join(folder, name)));
  return files.length > MOST_FILES ? [`${folder}: ${files.length} files`, ...inside] : inside;
}

const roots = ["packages", "apps"].flatMap((group) =>
  readdirSync(group).flatMap((name) =>
    readdirSync(join(group, name))
      .filter((folder) => folder === "src" || folder === "assembly")
      .map((folder) => join(group, name, folder)),
  ),
);
const crowded = roots.flatMap(crowdedFolders);
for (const line of crowded) console.error(`${line}; at most ${MOST_FILES} belong together, give its nouns folders`);
process.exitCode = crowded.length > 0 ? 1 : 0;
