/**
 * Opens the benchmark page in Chromium without a window, runs it, and writes what it measured to bench/results/NAME.json.
 *
 * Usage: node bench/run.js [--serve] [NAME] [?sizes=256&modes=webgl2&steps=no] [Chromium flags …]
 * NAME is "local" if left out. Without flags the GPU is SwiftShader, in software. On a machine with a GPU, `--serve` only serves the page: open it in a browser.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright";
import { build, preview } from "vite";

const SOFTWARE = [
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--use-webgpu-adapter=swiftshader",
];
const given = process.argv.slice(2);
const serveOnly = given.includes("--serve");
const query = given.find((argument) => argument.startsWith("?")) ?? "";
const flags = given.filter((argument) => argument.startsWith("--") && argument !== "--serve");
const name = given.find((argument) => /^\w/.test(argument)) ?? "local";

// A production build: a dev server would reload the page when a source is edited during a run.
const outDir = await mkdtemp(join(tmpdir(), "sumo-gpu-bench-"));
const shared = {
  root: import.meta.dirname,
  configFile: false,
  logLevel: "error",
  build: { outDir, emptyOutDir: true },
};
await build({ ...shared, resolve: { conditions: ["@sumo/source", "module", "browser", "production"] } });
const server = await preview({ ...shared, preview: { host: "127.0.0.1", port: 4180 } });
const url = server.resolvedUrls.local[0];

if (serveOnly) {
  console.log(`Open ${url} and press Run; end with Ctrl+C.`);
} else {
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--enable-unsafe-webgpu", ...(flags.length > 0 ? flags : SOFTWARE)],
  });
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`${url}${query}`);
  await page.click("#run");
  const results = await page.evaluate("globalThis.results");
  await writeFile(join(import.meta.dirname, "results", `${name}.json`), `${JSON.stringify(results, undefined, 2)}\n`);
  for (const { case: job, contender, leastMs } of results.timings) {
    console.log(`${job.padEnd(52)} ${contender.padEnd(52)} ${leastMs.toFixed(1).padStart(8)} ms`);
  }
  await browser.close();
  await server.close();
  await rm(outDir, { recursive: true });
}
