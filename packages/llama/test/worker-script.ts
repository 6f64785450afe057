import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Script of a worker that joins crews, bundled from the sources as a user's bundler would. */
export async function bundleWorker(): Promise<string> {
  const entry = fileURLToPath(new URL("worker.ts", import.meta.url));
  const result = await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@sumo/source"] },
    ssr: { resolve: { conditions: ["@sumo/source"] }, noExternal: true, target: "node" },
    build: { ssr: entry, write: false, minify: true },
  });
  const { output } = result as { output: readonly { readonly code: string }[] };
  return output[0]!.code;
}
