import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { builtInText } from "./build/built-in-text.ts";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./", // works from any folder of any host
  resolve: { conditions: ["@sumo/source", "module", "browser", "development|production"] },
  plugins: [builtInText()],
  worker: { format: "es" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy has no data: URLs
    modulePreload: { polyfill: false },
  },
  preview: {
    headers: {
      // The two that let pages share memory, for more than one thread a run.
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Content-Security-Policy":
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'",
    },
  },
});
