import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { pages, root } from "./pages.ts";
import { describePlayground } from "./playground-in-browser.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
};

/** What the published packages export, as it is imported; the kernels' bytes apart. */
function entries(): string[] {
  const folder = join(root, "..", "packages");
  return readdirSync(folder)
    .map((name) => JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")))
    .filter((manifest) => !manifest.private)
    .flatMap(({ name, exports }) => Object.keys(exports).map((path) => `${name}${path.slice(1)}`))
    .filter((entry) => !entry.endsWith(".wasm"))
    .sort();
}

/** Largest compressed size of a page before interaction, without the linked pages that VitePress prefetches when the browser has time. */
const PAGE_BYTES = 280_000;

/** The built site in a real browser. Building it fails on dead links between pages. */
describe.skipIf(!existsSync(executablePath))("the site", () => {
  let folder: string;
  let server: Server;
  let host: string;
  let browser: Browser;
  let page: Page;
  /** Errors and warnings on the console, failed requests, requests to other hosts. */
  let complaints: string[];
  /** Bytes of everything that the page loaded, as they were sent. */
  let loaded: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sumo-docs-"));
    const run = promisify(execFile);
    const bin = join(root, "node_modules", ".bin");
    await run(join(bin, "typedoc"), [], { cwd: root });
    await run(join(bin, "vitepress"), ["build", "--outDir", folder], { cwd: root });
    server = createServer(async ({ url = "/" }, response) => {
      const path = normalize(new URL(url, "http://host").pathname).replace(/\/$/, "/index.html");
      const body = await readFile(join(folder, path)).catch(() => undefined);
      const type = TYPES[extname(path)];
      const zip = body !== undefined && type !== undefined;
      response.writeHead(body ? 200 : 404, {
        "Content-Type": type ?? "application/octet-stream",
        "Cache-Control": "no-store", // so that every page is weighed whole
        ...(zip && { "Content-Encoding": "gzip" }),
      });
      response.end(zip ? gzipSync(body) : body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--no-first-run"] });
  }, 600_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    complaints = [];
    loaded = 0;
    page = await browser.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error.stack)));
    page.on("request", (request) => {
      const ours = [host, `blob:${host}`];
      if (!ours.some((origin) => request.url().startsWith(origin))) complaints.push(request.url());
    });
    page.on("response", async (response) => {
      if (!response.ok()) complaints.push(`${response.status()} ${response.url()}`);
    });
    page.on("requestfinished", async (request) => {
      if (request.resourceType() === "fetch") return; // this test's own
      if ((await request.headerValue("sec-purpose")) === "prefetch") return;
      loaded += await request.sizes().then(
        ({ responseBodySize }) => responseBodySize,
        () => 0, // the page was closed meanwhile
      );
    });
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  const visit = (path: string) => page.goto(`${host}/${path}`, { waitUntil: "networkidle" });

  async function violations(): Promise<string[]> {
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run(document));
    return found.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  }

  async function expectReadable(): Promise<void> {
    expect(await violations()).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await page.waitForFunction(() => document.documentElement.classList.contains("dark"));
    await page.waitForTimeout(600); // colours fade
    expect(await violations()).toEqual([]);
    await page.setViewportSize({ width: 375, height: 700 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
    expect(await violations()).toEqual([]);
  }

  /** What a link to a page may name behind #, nothing included; undefined if there is no such page. */
  async function anchorsOf(pathname: string): Promise<ReadonlySet<string> | undefined> {
    const response = await fetch(host + pathname);
    if (!response.ok) return undefined;
    const html = await response.text();
    return new Set(["", ...Array.from(html.matchAll(/\sid="([^"]+)"/g), ([, id]) => id!)]);
  }

  test("every page by hand loads without a complaint, is light, and links to anchors that exist", async () => {
    const anchors = new Map<string, ReadonlySet<string> | undefined>();
    for (const source of pages) {
      loaded = 0;
      await visit(source.replace(/\.md$/, ".html"));
      expect(loaded, source).toBeLessThan(PAGE_BYTES);
      expect(await violations(), source).toEqual([]);
      const links = await page
        .locator(".vp-doc a[href]")
        .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
      const broken: string[] = [];
      for (const { origin, pathname, hash } of links.map((href) => new URL(href))) {
        if (origin !== host) continue;
        if (!anchors.has(pathname)) anchors.set(pathname, await anchorsOf(pathname));
        const found = anchors.get(pathname)?.has(decodeURIComponent(hash.slice(1))) ?? false;
        if (!found) broken.push(pathname + hash);
      }
      expect(broken, source).toEqual([]);
    }
  }, 300_000);

  test("a page has its own description and card, and can be corrected where it was written", async () => {
    await visit("guide/numpy.html");
    const content = (name: string) => page.locator(`meta[${name}]`).getAttribute("content");
    const description = await content('name="description"');
    expect(description).toMatch(/^Routines that NumPy has too have NumPy's names/);
    expect(await content('property="og:description"')).toBe(description);
    expect(await content('property="og:title"')).toBe("Linear algebra for NumPy users | SUMO");
    expect(await page.getByText("Suggest a change to this page").getAttribute("href")).toMatch(
      /docs\/guide\/numpy\.md$/,
    );
    await visit("reference/@sumo/linalg/functions/svd.html");
    expect(await page.getByText("Suggest a change to this page").count()).toBe(0);
  });

  test("the search finds what readers call things, and leads with guides", async () => {
    await visit("start.html");
    const leads: Readonly<Record<string, string>> = {
      CUDA: "guide/gpu.html",
      pseudoinverse: "guide/numpy.html",
      license: "start.html",
      Vite: "guide/compatibility.html",
      "script tag": "guide/compatibility.html",
      "bundle size": "guide/compatibility.html",
    };
    const others = ["NaN", "AdamW", "what is SUMO"];
    const found: Record<string, string | undefined> = {};
    for (const words of [...Object.keys(leads), ...others]) {
      await page.keyboard.press("Control+k");
      await page.getByRole("searchbox").fill(words);
      const first = page.locator(".results .result").first();
      await first.waitFor();
      await page.waitForTimeout(500); // the box searches a moment after the last key
      found[words] = /[^/]+\/[^/]+(?=#)|start\.html/.exec((await first.getAttribute("href")) ?? "")?.[0];
      await page.keyboard.press("Escape");
    }
    expect(found).toMatchObject(leads);
    for (const words of others) expect(found[words], words).toMatch(/^(guide\/|start\.)/);
    // A routine's own page is found by its name.
    await page.keyboard.press("Control+k");
    await page.getByRole("searchbox").fill("eigvalsh");
    const routines = page.locator(".results .result");
    await expect
      .poll(() => routines.evaluateAll((links) => links.map((link) => link.getAttribute("href")).join(" ")))
      .toMatch("reference/@sumo/linalg/functions/eigvalsh");
  }, 60_000);

  test("the reference lists every export of every entry by task, with a sentence, and has a page for each", async () => {
    await visit("reference/index.html");
    const modules = await page.locator(".vp-doc td a").evaluateAll((links) => links.map((link) => link.textContent));
    expect(modules).toEqual(entries());
    for (const module of modules) {
      await visit(`reference/${module}/index.html`);
      const rows = await page
        .locator(".vp-doc tbody tr")
        .evaluateAll((all) => all.map((row) => [row.children[0]!.textContent!, row.children[1]!.textContent!]));
      expect(
        rows.filter(([, sentence]) => sentence!.trim().length < 3),
        module!,
      ).toEqual([]);
    }
    await visit("reference/@sumo/linalg/index.html");
    const tasks = await page
      .locator(".vp-doc h2")
      .evaluateAll((titles) => titles.map((title) => title.firstChild?.textContent?.trim()));
    expect(tasks).toContain("Linear systems");
    expect(tasks.at(-1)).toBe("Errors");
    await visit("reference/@sumo/linalg/functions/svd.html");
    const text = await page.locator(".vp-doc").textContent();
    for (const part of ["NonFiniteError with the first NaN", "Accuracy: ", "Cost: "]) expect(text).toContain(part);
  }, 120_000);

  test.each([
    "index.html",
    "start.html",
    "guide/which-optimizer.html",
    "examples/index.html",
    "examples/05-polar.html",
    "theory/orthogonalization.html",
    "theory/spectrum.html",
    "theory/picture.html",
    "theory/memory.html",
    "evidence/linalg.html",
  ])(
    "%s is accessible, in light and in dark, and fits a phone",
    async (path) => {
      await visit(path);
      await expectReadable();
    },
    120_000,
  );

  test("from the home to an optimizer for one's needs, and a running program with it, in three clicks", async () => {
    await visit("index.html");
    await page.getByRole("link", { name: "Which one should I take?" }).click();
    await page.getByText("nats a byte").first().waitFor();
    const taken = () => page.locator(".which .name").textContent();
    const usual = await taken();
    await page.getByLabel("Time, at most").selectOption("one and a half times AdamW's");
    await expect.poll(taken).not.toBe(usual);
    await page.getByLabel("Where").selectOption("the trainer");
    await expect.poll(() => page.locator(".which").textContent()).toContain("train --optimizer");
    await page.getByLabel("Where").selectOption("my own loop");
    await page.getByRole("button", { name: "Edit and run" }).click();
    await expect.poll(() => page.locator(".printed pre").allTextContents(), { timeout: 60_000 }).not.toEqual([]);
    expect(Number((await page.locator(".printed pre").allTextContents()).join(""))).toBeGreaterThanOrEqual(0);
  }, 120_000);

  test("the orthogonalizers answer to the condition's slider", async () => {
    await visit("theory/orthogonalization.html");
    const error = (name: string) =>
      page.locator("tr", { hasText: name }).locator("td").nth(1).textContent().then(Number);
    const slider = page.getByLabel("Logarithm of the condition number");
    await slider.fill("0");
    await expect.poll(() => error("classical")).toBeLessThan(0.001);
    await slider.fill("6");
    await expect.poll(() => error("classical")).toBeGreaterThan(0.3);
    // What rounding the input to float32 costs: its condition times half an ulp.
    expect(await error("exact")).toBeLessThan(1e6 * 2 ** -24);
  }, 120_000);

  test("the recorded spectrum answers to the matrix and the step", async () => {
    await visit("theory/spectrum.html");
    const cell = (name: string) =>
      page.locator("tr", { hasText: name }).locator("td").first().textContent().then(Number);
    const before = await cell("condition number");
    await page.getByLabel("Recorded step").fill("1");
    await expect.poll(() => cell("condition number")).not.toBe(before);
    const later = await cell("condition number");
    await page.getByLabel("Matrix").selectOption({ index: 3 });
    await expect.poll(() => cell("condition number")).not.toBe(later);
    expect(await cell("exact polar factor")).toBeLessThan((await cell("condition number")) * 2 ** -24);
    expect(await cell("Muon's five steps")).toBeGreaterThan(0.05);
  }, 120_000);

  test("the picture answers to the rank, and is read from a file; what is no picture is refused", async () => {
    await visit("theory/picture.html");
    const captured = () =>
      page
        .locator("tr", { hasText: "energy captured" })
        .locator("td")
        .textContent()
        .then((text) => Number.parseFloat(text ?? ""));
    const usual = await captured();
    await page.getByLabel("Rank").fill("96");
    await expect.poll(captured).toBeGreaterThan(usual);
    await page.getByLabel("Your picture").setInputFiles(join(root, "images", "demo.png"));
    await expect.poll(() => page.locator("figcaption").first().textContent()).toMatch(/512/);
    await page.getByLabel("Your picture").setInputFiles(join(root, "package.json"));
    await page.getByRole("alert").waitFor();
    expect(await captured()).toBeGreaterThan(0);
  }, 120_000);

  test("the memory calculator answers to the model and the rank", async () => {
    await visit("theory/memory.html");
    const state = (name: string) =>
      page
        .locator("tr", { hasText: name })
        .locator("td")
        .nth(2)
        .textContent()
        .then((text) => Number.parseFloat(text ?? ""));
    const small = await state("SUMO");
    await page.getByLabel("Model").selectOption("LLaMA 1B");
    await expect.poll(() => state("SUMO")).toBeGreaterThan(5 * small);
    const usual = await state("SUMO");
    await page.getByLabel("Rank").fill("64");
    await expect.poll(() => state("SUMO")).toBeLessThan(usual / 2);
  }, 120_000);

  test.each([
    ["a function of the reference", "rangeFinderInto", /rangeFinderInto/],
    ["an example by its text", "interleaved spirals", /A network by hand/],
  ])(
    "the search finds %s",
    async (_, words, title) => {
      await visit("start.html");
      const open = async (): Promise<number> => {
        await page.keyboard.press("Control+k"); // unheard until the page has come to life
        return page.getByRole("searchbox").count();
      };
      await expect.poll(open, { timeout: 60_000, interval: 1000 }).toBe(1);
      await page.getByRole("searchbox").fill(words);
      await page.getByRole("option").first().waitFor();
      expect(await page.getByRole("option").first().textContent()).toMatch(title);
    },
    120_000,
  );

  describePlayground(() => ({ page, complaints, visit, expectReadable }));
});
