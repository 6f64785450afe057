import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type Browser, chromium } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "./page/train-everywhere.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const args = [
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--use-webgpu-adapter=swiftshader",
];
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };

describe.skipIf(!existsSync(executablePath))("a production build under script-src 'self'", () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let outcome: { page: Outcome; worker: Outcome };
  const violations: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sumo-gpu-"));
    await build({
      root: join(import.meta.dirname, "page"),
      logLevel: "error",
      resolve: { conditions: ["@sumo/source", "module", "browser", "production"] },
      worker: { format: "es" },
      build: { outDir: folder, emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 1000 },
    });
    server = createServer((request, response) => {
      const path = join(folder, request.url === "/" ? "index.html" : request.url!);
      if (!existsSync(path)) return void response.writeHead(404).end();
      response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
      response.setHeader("content-security-policy", "script-src 'self'");
      response.end(readFileSync(path));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath, args });
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) violations.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("globalThis.outcome !== undefined");
    outcome = (await page.evaluate("globalThis.outcome")) as typeof outcome;
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true });
  });

  test.each(["page", "worker"] as const)("a network learns in the %s on every GPU mode", (place) => {
    for (const mode of ["webgl2", "webgl", "webgpu"] as const) {
      const [first, last] = outcome[place][mode] as readonly [number, number];
      expect(first).toBeGreaterThan(0);
      expect(last).toBeLessThan(first / 2);
    }
  });

  test("the mode that would make code at run time is refused", () => {
    expect(outcome.page.cpu).toBe("GPU_UNSUPPORTED_MODE");
    expect(violations.every((text) => text.includes("unsafe-eval"))).toBe(true);
  });
});
