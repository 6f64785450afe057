import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright";

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript" };

/** Serves `files` and a folder under a Content-Security-Policy, opens the page in Chromium, and returns the first line that it prints. */
export async function openPage(folder, files, policy) {
  const server = createServer(async ({ url }, response) => {
    const body = files[url] ?? (await readFile(join(folder, url)).catch(() => undefined));
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": TYPES[extname(url)] ?? "text/html",
      "Content-Security-Policy": policy,
    });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--no-first-run"],
  });
  try {
    const page = await browser.newPage();
    const printed = page.waitForEvent("console", { timeout: 30_000 });
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return (await printed).text();
  } finally {
    await browser.close();
    server.close();
  }
}
