import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as linalg from "../src/index.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const args = ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update"];

/** What a page needs to allow, and what it does without. */
const POLICY = "script-src 'self' 'wasm-unsafe-eval'";
const STRICT = "script-src 'self'";

/** Every number of three factorizations. Runs here, in a page and in a worker, so it knows nothing but its argument. */
function factor({ currentEngine, fillUniform, matrix, polar, qr, svd }: typeof linalg) {
  const tall = matrix(300, 40, new Float64Array(300 * 40));
  const wide = matrix(24, 160, new Float32Array(24 * 160));
  fillUniform(tall.data, [1, 2, 3]);
  fillUniform(wide.data, [4, 5, 6]);
  const { q, r } = qr(tall);
  const { u, s, vt } = svd(tall);
  const numbers = [q.data, r.data, u.data, s, vt.data, polar(wide).u.data].map((array) => Array.from(array));
  return { engine: currentEngine().name, numbers };
}

/** Scripts as a person writes them by hand, beside the package in one file. */
const HANDWRITTEN: Readonly<Record<string, string>> = {
  "/": '<!doctype html><link rel="icon" href="data:," /><script type="module" src="page.js"></script>',
  "/page.js": `
    import { inPage, inWorker } from "./factor.js";
    globalThis.outcome = inWorker().then((worker) => ({ page: inPage(), worker }));`,
  "/worker.js": `import { inPage } from "./factor.js"; postMessage(inPage());`,
  "/factor.js": `
    import * as linalg from "./linalg.js";
    export const inPage = () => (${factor})(linalg);
    export const inWorker = () => new Promise((resolve, reject) => {
      const worker = new Worker("worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });`,
};

describe.skipIf(!existsSync(executablePath))("a plain page", () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    const bundle = await build({
      configFile: false,
      logLevel: "error",
      build: { write: false, lib: { entry: `${import.meta.dirname}/../src/index.ts`, formats: ["es"] } },
    });
    const [{ output }] = bundle as Extract<typeof bundle, unknown[]>;
    const [{ code }] = output;
    expect(output).toHaveLength(1);
    server = createServer(({ url = "/" }, response) => {
      const [path = "", query] = url.split("?");
      const body = path === "/linalg.js" ? code : HANDWRITTEN[path];
      response.setHeader("content-type", path.endsWith(".js") ? "text/javascript" : "text/html");
      response.setHeader("content-security-policy", query === "strict" ? STRICT : POLICY);
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath, args });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function visit(query = "") {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${query}`);
    const outcome = (await page.evaluate("globalThis.outcome")) as Record<"page" | "worker", ReturnType<typeof factor>>;
    await page.close();
    return { outcome, complaints };
  }

  test("and its worker factor matrices to Node's bits under script-src 'self' 'wasm-unsafe-eval'", async () => {
    const { outcome, complaints } = await visit();
    const here = factor(linalg);
    expect(here.engine).toBe("wasm");
    expect(complaints).toEqual([]);
    for (const there of [outcome.page, outcome.worker]) {
      expect(there.engine).toBe("wasm");
      here.numbers.forEach((array, i) => {
        expect(array.findIndex((x, j) => !Object.is(x, there.numbers[i]![j]))).toBe(-1);
      });
    }
  });

  test("that may not compile WebAssembly falls back, and says what to allow", async () => {
    const { outcome, complaints } = await visit("?strict");
    expect(outcome.page.engine).toBe("reference");
    expect(complaints).toContainEqual(expect.stringMatching(/wasm-unsafe-eval.*using the reference engine/));
  });
});
