import { readText } from "@sumo/training/text";
import type { Plugin } from "vite";

/** Vite plugin that adds the command line's built-in text, unchanged, to the page's files, so that runs can move between the two. */
export function builtInText(): Plugin {
  return {
    name: "built-in-text",
    generateBundle() {
      const { name, bytes } = readText("moby-dick");
      this.emitFile({ type: "asset", fileName: `${name}.txt`, source: bytes });
    },
  };
}
