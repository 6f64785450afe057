import { readText } from "@sumo/training/text";
import type { Plugin } from "vite";

/** Puts the command line's built-in text beside the page, byte for byte, so that runs go from one to the other. */
export function builtInText(): Plugin {
  return {
    name: "built-in-text",
    generateBundle() {
      const { name, bytes } = readText("moby-dick");
      this.emitFile({ type: "asset", fileName: `${name}.txt`, source: bytes });
    },
  };
}
