import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const conditions = ["@sumo/source"];
const packages = {
  linalg: "packages/linalg",
  core: "packages/core",
  gpu: "packages/gpu",
  llama: "packages/llama",
  tfjs: "packages/tfjs",
  jax: "packages/jax",
  mpi: "packages/mpi",
  training: "packages/training",
  trainer: "apps/trainer",
  finetune: "apps/finetune",
  demo: "apps/demo",
  docs: "docs",
  bench: "bench",
};
const chromium = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const chromiumArguments = [
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--enable-unsafe-webgpu",
  // Without these three a canvas that WebGPU draws on crashes the software GPU.
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--use-webgpu-adapter=swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
const browserTests = ["packages/*/{src,test}/**/*.browser.test.ts", "apps/*/{src,test}/**/*.browser.test.ts"];
const hasBrowser = existsSync(chromium);

if (!hasBrowser) {
  console.warn(
    `Browser tests are skipped: no browser at ${chromium}. Install one (Debian: apt-get install chromium) or set CHROMIUM_PATH.`,
  );
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Vitest leaves a core to itself; of two cores, as continuous integration has them, that would be half.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      ...Object.entries(packages).map(([name, root]) => nodeProject(name, root)),
      ...(hasBrowser ? [browserProject()] : []),
    ],
  },
});

function nodeProject(name: string, root: string) {
  return {
    extends: true as const,
    test: {
      name,
      root,
      include: ["src/**/*.test.ts", "test/**/*.test.ts"],
      exclude: ["**/*.browser.test.ts"],
      testTimeout: 120_000,
    },
  };
}

function browserProject() {
  return {
    extends: true as const,
    // Found before the first test: a dependency that turns up later makes vite reload the page in the middle of one.
    optimizeDeps: { entries: browserTests },
    // Memory that threads share needs a page that is isolated from others.
    server: {
      headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
    },
    test: {
      name: "browser",
      include: browserTests,
      testTimeout: 120_000,
      browser: {
        enabled: true,
        headless: true,
        fileParallelism: false, // they share one graphics device, in software
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath: chromium, args: chromiumArguments } }),
        instances: [{ browser: "chromium" as const }],
      },
    },
  };
}
