import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkpointFiles, createCorpus, parseConfig, parseManifest, parseTokenizer, Trainer } from "@sumo/training";
import { readText } from "@sumo/training/text";
import axe from "axe-core";
import { strFromU8, type Unzipped, unzipSync, zipSync } from "fflate";
import { type Browser, type BrowserContext, chromium, type Page, type Route } from "playwright";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import config from "../vite.config.ts";
import { type StaticHost, serve } from "./static-host.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const NO_NETWORK = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
/** Timeout in milliseconds for the page, on a busy machine. */
const PATIENCE = 60_000;

const OPTIMIZERS = ["SUMO", "AdamW", "Muon", "GaLore", "SOAP", "SGD"];

/** The built page in a real browser, on a host that allows no more than the page needs. */
describe.skipIf(!existsSync(executablePath))("the page", () => {
  let folder: string;
  let host: StaticHost;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** Errors and warnings on the console, failed requests, requests to other hosts. */
  let complaints: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sumo-demo-"));
    await build({ ...config, configFile: false, logLevel: "error", build: { ...config.build, outDir: folder } });
    host = await serve(folder);
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--no-first-run", ...NO_NETWORK] });
  }, 2 * PATIENCE);

  afterAll(async () => {
    await browser?.close();
    await host?.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    complaints = [];
    context = await browser.newContext();
    page = await visit(context);
  });

  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  async function visit(visitor: BrowserContext, { url } = host, hash = ""): Promise<Page> {
    const visited = await visitor.newPage();
    visited.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    visited.on("pageerror", (error) => complaints.push(String(error.stack)));
    visited.on("request", (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith("blob:")) complaints.push(request.url());
    });
    visited.on("response", (response) => {
      if (!response.ok()) complaints.push(`${response.status()} ${response.url()}`);
    });
    await visited.goto(url + hash);
    await state(visited, /^Ready/);
    return visited;
  }

  /** The first numbers of an experiment that takes a second. */
  async function choose(steps: number, optimizers: readonly string[] = ["SUMO"], on: Page = page): Promise<void> {
    await on.getByLabel("Model size").selectOption("tiny");
    await on.getByLabel("Steps", { exact: true }).fill(String(steps));
    for (const name of OPTIMIZERS) {
      await on.getByRole("checkbox", { name }).setChecked(optimizers.includes(name));
    }
  }

  const press = (name: string, on: Page = page): Promise<void> => on.getByRole("button", { name, exact: true }).click();

  const textOf = async (on: Page, selector: string): Promise<string> =>
    (await on.locator(selector).textContent()) ?? "";

  async function state(on: Page, words: RegExp): Promise<void> {
    await on.locator("#state", { hasText: words }).waitFor({ timeout: PATIENCE });
  }

  const stepOf = async (on: Page): Promise<number> =>
    Number((await textOf(on, ".scoreboard tbody tr td >> nth=0")).replace(",", ""));

  async function trainedTo(step: number, on: Page = page): Promise<void> {
    await expect.poll(() => stepOf(on).catch(() => -1), { timeout: PATIENCE }).toBeGreaterThanOrEqual(step);
  }

  async function saved(on: Page = page): Promise<Uint8Array> {
    const [download] = await Promise.all([on.waitForEvent("download"), press("Save", on)]);
    return readFile(await download.path());
  }

  async function open(bytes: Uint8Array, name = "runs.zip", on: Page = page): Promise<void> {
    await on.locator("#open-file").setInputFiles({ name, mimeType: "application/zip", buffer: Buffer.from(bytes) });
  }

  const problem = (): Promise<string> => textOf(page, "#problem:not([hidden])");

  test("a link carries the experiment to somebody else, who gets the same losses to the last bit", async () => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await choose(12, ["SUMO", "Muon"]);
    await page.getByLabel("Seed").fill("7");
    await press("Start");
    await state(page, /^Finished after 12 steps/);
    await press("Copy link");
    await state(page, /^Link copied/);
    const link = await page.evaluate(() => navigator.clipboard.readText());

    const friend = await browser.newContext();
    const theirs = await visit(friend, host, new URL(link).hash);
    await state(theirs, /^Ready: the experiment of the link/);
    expect(await theirs.getByLabel("Seed").inputValue()).toBe("7");
    expect(await theirs.getByRole("checkbox", { name: "AdamW" }).isChecked()).toBe(false);
    await press("Start", theirs);
    await state(theirs, /^Finished after 12 steps.*As the link says, to the last bit\.$/);

    // Runs of one's own stay, whatever the address says.
    await theirs.evaluate(() => (location.hash = location.hash.replace(/steps=\d+/, "steps=13")));
    await state(theirs, /^Your own runs stay/);
    await theirs.evaluate(() => (location.hash = "#size=huge"));
    await expect.poll(() => textOf(theirs, "#problem:not([hidden])")).toMatch(/The link is damaged.*size is “huge”/);
    await friend.close();
  }, 300_000);

  test("trains several optimizers, and their losses fall", async () => {
    await choose(30, ["SUMO", "AdamW", "Muon", "GaLore"]);
    await press("Start");
    await state(page, /^Finished after 30 steps/);
    const files = unzipSync(await saved());
    for (const optimizer of ["sumo", "adamw", "muon", "galore"]) {
      const lines = logOf(files, `moby-dick-${optimizer}`);
      expect(lines.map(({ step }) => step)).toEqual([...Array.from({ length: 31 }, (_, step) => step), 30]);
      // Before the first step all bytes are about equally likely.
      expect(lines[0]!.validation).toBeCloseTo(Math.log(256), 0);
      expect(lines.at(-1)!.final!.validation).toBeLessThan(lines[0]!.validation! - 1);
    }
    expect(await page.locator("#loss canvas, #validation canvas, #captured canvas, #spectra canvas").count()).toBe(4);
    expect(await page.locator(".conditions button").count()).toBe(2 * 7);
    for (const text of await page.locator(".samples blockquote").allTextContents()) expect(text).toMatch(/^The ./);
  });

  test("steps, pauses, resumes", async () => {
    await choose(20_000);
    await press("One step");
    await state(page, /^Paused at step 1\./);
    await press("One step");
    await state(page, /^Paused at step 2\./);
    await press("Resume");
    await trainedTo(20);
    await press("Pause");
    await state(page, /^Paused at step/);
    const step = await stepOf(page);
    await page.waitForTimeout(300);
    expect(await stepOf(page)).toBe(step);
    await press("Resume");
    await trainedTo(step + 5);
  });

  test("trains on after the end", async () => {
    await choose(5);
    await press("Start");
    await state(page, /^Finished after 5 steps/);
    await press("Train on");
    await state(page, /^Finished after 10 steps/);
    const files = unzipSync(await saved());
    expect(logOf(files, "moby-dick-sumo").map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10]);
  });

  test("ends at the same loss on several threads as on one", async () => {
    await choose(10);
    await press("Start");
    await state(page, /^Finished/);
    const isolated = await serve(folder, { isolated: true });
    const shared = await visit(context, isolated);
    expect(await shared.evaluate(() => crossOriginIsolated)).toBe(true);
    await choose(10, ["SUMO"], shared);
    await press("Start", shared);
    await state(shared, /^Finished/);
    const cores = await shared.evaluate(() => navigator.hardwareConcurrency);
    expect(shared.workers()).toHaveLength(Math.min(8, cores)); // at most one thread a sequence of the batch
    expect(await textOf(shared, "#state")).toBe(await textOf(page, "#state"));
    await isolated.close();
  });

  test("a run that goes on elsewhere ends where it would have ended here: in another browser, and in Node", async () => {
    await choose(20, ["SUMO", "AdamW"]);
    for (const step of [1, 2, 3]) {
      await press("One step");
      await state(page, new RegExp(`^Paused at step ${step}`));
    }
    const bytes = await saved();
    await press("Resume");
    await state(page, /^Finished/);
    const ended = await textOf(page, "#state");

    expect(finalInNode(unzipSync(bytes), "moby-dick-sumo")).toBe(
      logOf(unzipSync(await saved()), "moby-dick-sumo").at(-1)!.final!.validation,
    );

    const elsewhere = await browser.newContext();
    const other = await visit(elsewhere);
    await open(bytes, "runs.zip", other);
    await state(other, /^Opened runs\.zip, at step 3/);
    await press("Resume", other);
    await state(other, /^Finished/);
    expect(await textOf(other, "#state")).toBe(ended);
    await elsewhere.close();
  });

  test("survives a reload in mid-run", async () => {
    await choose(20_000, ["SUMO", "AdamW"]);
    await press("Start");
    await expect.poll(() => keptStep(page), { timeout: PATIENCE }).toBeGreaterThan(0);
    const before = await stepOf(page);
    await page.reload();
    await state(page, /^Your runs are back, at step/);
    const after = await stepOf(page);
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(before + 2000); // no step since
    expect(await page.locator("#loss canvas").count()).toBe(1);
    await press("Resume");
    await trainedTo(after + 5);
    expect(await page.locator("#problem").isVisible()).toBe(false);
  });

  test("a second tab leaves the first one's runs alone", async () => {
    await choose(5);
    await press("One step");
    await state(page, /^Paused at step 1\./);
    const second = await visit(context);
    await second.getByText("another tab of this page keeps its own runs").waitFor();
    await choose(3, ["AdamW"], second);
    await press("Start", second);
    await state(second, /^Finished/);
    await second.close();
    await page.reload();
    await state(page, /^Your runs are back, at step 1\./);
  });

  test("no button works before the page does: what is pressed is never lost", async () => {
    const second = await context.newPage(); // waits half a second for the first tab's lock
    await second.goto(host.url, { waitUntil: "commit" });
    await state(second, /^Getting ready/);
    const buttons = () =>
      Promise.all(["Start", "One step", "Open…"].map((name) => second.getByRole("button", { name }).isEnabled()));
    expect(await buttons()).toEqual([false, false, false]);
    await state(second, /^Ready/);
    expect(await buttons()).toEqual([true, true, true]);
  });

  test("learns from a text of one's own, and takes it along", async () => {
    const text = "one two three four five six seven eight nine ten\n".repeat(100);
    await page.getByLabel("Text file of your own").setInputFiles({
      name: "numbers.txt",
      mimeType: "text/plain",
      buffer: Buffer.from(text),
    });
    await choose(10);
    await press("Start");
    await state(page, /^Finished/);
    const bytes = await saved();
    expect(strFromU8(unzipSync(bytes)["text-sumo/text.txt"]!)).toBe(text);
    await open(bytes);
    await press("Leave it");
    await state(page, /^Opened/);
  });

  test("refuses bad files kindly", async () => {
    await open(Uint8Array.of(1, 2, 3), "holiday.zip");
    expect(await problem()).toBe("holiday.zip is not a zip file, or a damaged one.");
    await open(zipSync({ "a.txt": Uint8Array.of(65) }), "letters.zip");
    expect(await problem()).toContain("letters.zip holds no run");

    await choose(2);
    await press("Start");
    await state(page, /^Finished/);
    const files = unzipSync(await saved());
    const model = files["moby-dick-sumo/model.safetensors"]!;
    model[model.length - 1]! ^= 1;
    await open(zipSync(files), "damaged.zip");
    expect(await problem()).toContain("model.safetensors is not what was saved");
    expect(await textOf(page, "#state")).toMatch(/^Saved/);

    await press("New experiment");
    await press("Leave it");
    const own = page.getByLabel("Text file of your own");
    await own.setInputFiles({ name: "photo.txt", mimeType: "text/plain", buffer: Buffer.of(0xff, 0xd8, 0xff) });
    await press("Start");
    expect(await problem()).toContain("photo.txt is not UTF-8 text");
    await own.setInputFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("too short") });
    await press("Start");
    expect(await problem()).toContain("This text has 9 bytes");
  });

  test("a rank as wide as the model draws its captured energy, and ends; a wider one is refused", async () => {
    await choose(40);
    await page.getByLabel("Rank").fill("33");
    await press("Start");
    expect(await problem()).toBe("One of the numbers is out of range.");
    await page.getByLabel("Rank").fill("32");
    await press("Start");
    await state(page, /^Finished after 40 steps/);
    expect(await textOf(page, "#captured .readout")).toContain("SUMO 100%");
    expect(await page.title()).toBe("✓ 100% – SUMO in the browser");
    await press("New experiment");
    await press("Leave it");
    await expect.poll(() => page.title()).toBe("SUMO in the browser");
  });

  test("a text of one's own keeps its name through a reload, and can be trained on again", async () => {
    const buffer = Buffer.from("one two three four five six seven eight nine ten\n".repeat(100));
    await page
      .getByLabel("Text file of your own")
      .setInputFiles({ name: "numbers.txt", mimeType: "text/plain", buffer });
    await choose(4);
    await press("Start");
    await state(page, /^Finished/);
    await page.reload();
    await state(page, /^Your runs are back/);
    expect(await textOf(page, "#own-name")).toBe("numbers.txt");
    await press("New experiment");
    await press("Leave it");
    await choose(4);
    await press("Start");
    await state(page, /^Finished/);
  });

  test("what is not the built-in text, or no text, is not trained on", async () => {
    const login = (route: Route) => route.fulfill({ status: 200, body: "<html>Please log in</html>" });
    await page.route("**/moby-dick.txt", login);
    await choose(2);
    await press("Start");
    expect(await problem()).toContain("what came is another text");
    await page.unroute("**/moby-dick.txt");
    await press("Start");
    await state(page, /^Finished/);
    await press("New experiment");
    await press("Leave it");
    const own = page.getByLabel("Text file of your own");
    await own.setInputFiles({ name: "disk.img", mimeType: "text/plain", buffer: Buffer.alloc(50_000) });
    await press("Start");
    expect(await problem()).toBe("disk.img is not text: it has zero bytes.");
  });

  test("a worker that is gone, as after an update of the page, says what to do", async () => {
    await page.route("**/assets/worker-*.js", (route) => route.fulfill({ status: 404, body: "" }));
    await choose(2);
    await press("Start");
    await expect.poll(problem, { timeout: PATIENCE }).toContain("reload the page");
    complaints = complaints.filter((words) => !words.includes("404"));
  });

  test("a browser that has no room for the runs says so by the name of its error", async () => {
    const session = await context.newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(host.url).origin, quotaSize: 200_000 });
    await choose(4);
    await press("Start");
    await expect.poll(problem, { timeout: PATIENCE }).toContain("(QuotaExceededError)");
  });

  test("bars keep their colours where the system forces its own", async () => {
    await page.emulateMedia({ forcedColors: "active" });
    const colours = await page
      .locator("#memory .bar i")
      .first()
      .evaluate((bar) => getComputedStyle(bar).backgroundColor);
    expect(colours).not.toBe("rgba(0, 0, 0, 0)");
    expect(colours).not.toBe("rgb(255, 255, 255)");
  });

  test("works from the keyboard", async () => {
    await choose(5);
    await page.getByLabel("Seed").focus();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("run");
    await page.keyboard.press("Enter");
    await state(page, /^Finished/);
  });

  test.each(["light", "dark"] as const)("has no serious fault that axe finds (%s)", async (colorScheme) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await faults(page)).toEqual([]);
    await choose(5, OPTIMIZERS);
    await press("Start");
    await state(page, /^Finished/);
    expect(await faults(page)).toEqual([]);
  });

  test("is not wider than a phone", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await choose(3, OPTIMIZERS);
    await press("Start");
    await state(page, /^Finished/);
    expect(await faults(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  });

  test("on a phone, Start, Pause and what they say are in sight from the first moment, wherever the page is scrolled", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const inSight = async (selector: string): Promise<boolean> => {
      const box = (await page.locator(selector).boundingBox())!;
      return box.y >= 0 && box.y + box.height <= 844 && box.x >= 0 && box.x + box.width <= 390;
    };
    for (const selector of ["#run", "#state"]) expect(await inSight(selector), selector).toBe(true);
    await choose(400);
    await page.locator("#steps").scrollIntoViewIfNeeded();
    await press("Start");
    await state(page, /^Training/);
    for (const selector of ["#run", "#state"]) expect(await inSight(selector), selector).toBe(true);
    await press("Pause");
    await state(page, /^Paused/);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    expect(await inSight("#run")).toBe(true);
    // Nothing of the page ends under the buttons.
    const ends = await page.evaluate(() => [
      document.querySelector("footer")!.getBoundingClientRect().bottom,
      document.querySelector(".controls")!.getBoundingClientRect().top,
    ]);
    expect(ends[0]).toBeLessThanOrEqual(ends[1]!);
  });

  test("says so where SIMD is missing", async () => {
    await context.addInitScript(() => {
      WebAssembly.validate = () => false;
    });
    await page.reload();
    await page.getByText("has no SIMD instructions").waitFor();
  });
});

interface LoggedLine {
  readonly step: number;
  readonly validation?: number;
  readonly final?: { readonly validation: number };
}

function logOf(files: Unzipped, run: string): LoggedLine[] {
  const lines = strFromU8(files[`${run}/log.jsonl`]!).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as LoggedLine);
}

/** Final loss of a saved run that Node resumes and completes. */
function finalInNode(files: Unzipped, run: string): number {
  const file = (name: string): Uint8Array => files[`${run}/${name}`]!;
  const { model, options, data } = parseConfig(strFromU8(file("config.json")), "config.json");
  const tokenizer = parseTokenizer(strFromU8(file("tokenizer.json")), "tokenizer.json");
  const { step } = parseManifest(strFromU8(file("checkpoint.json")), "checkpoint.json");
  const corpus = createCorpus(readText(data.source).bytes, tokenizer, model.context);
  const saved = { step, model: file("model.safetensors"), optimizer: file("optimizer.safetensors") };
  const trainer = new Trainer(model, options, corpus, { checkpoint: checkpointFiles(saved) });
  while (trainer.step < options.steps) trainer.trainStep();
  return trainer.evaluate(options.finalTokens).loss;
}

/** Steps of the last stored checkpoint; 0 before the first. */
function keptStep(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const opened = indexedDB.open("sumo-demo");
        opened.onsuccess = () => {
          const all = opened.result.transaction("runs").objectStore("runs").getAll();
          all.onsuccess = () => {
            opened.result.close();
            const steps = all.result.map(({ checkpoint }) => checkpoint?.step ?? 0);
            resolve(steps.length === 0 ? 0 : Math.min(...steps));
          };
        };
      }),
  );
}

/** Serious and critical violations that axe finds. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}
