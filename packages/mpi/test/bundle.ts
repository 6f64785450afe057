import { mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "vite";
import { afterAll } from "vitest";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Bundles a TypeScript program of this package for plain Node, beside the tests, so that koffi resolves. Returns the file's path. */
export async function bundle(entry: string): Promise<string> {
  const outDir = mkdtempSync(join(import.meta.dirname, "bundle-"));
  folders.push(outDir);
  await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@sumo/source"] },
    ssr: { resolve: { conditions: ["@sumo/source"] }, noExternal: /^@sumo/, target: "node" },
    build: { ssr: entry, outDir, minify: false },
  });
  return join(outDir, basename(entry).replace(/\.ts$/, ".js"));
}
