import { createHash } from "node:crypto";
import { readText } from "@sumo/training/text";
import type { Plugin } from "vite";

/**
 * Vite plugin that adds the command line's built-in text, unchanged, to the page's files, so that runs can move between the two, and
 * its digest to the page.
 */
export function builtInText(): Plugin {
  const { name, bytes } = readText("moby-dick");
  return {
    name: "built-in-text",
    config: () => ({ define: { BUILT_IN_SHA256: JSON.stringify(createHash("sha256").update(bytes).digest("hex")) } }),
    generateBundle() {
      this.emitFile({ type: "asset", fileName: `${name}.txt`, source: bytes });
    },
  };
}
