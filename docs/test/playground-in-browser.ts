import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import type { Page } from "playwright";
import { describe, expect, test } from "vitest";
import { readExamples } from "../examples/read-examples.ts";
import { modules } from "../playground/modules.ts";
import { pages, root } from "./pages.ts";

/** The built site, as its test opens it. */
export interface Site {
  readonly page: Page;
  /** Errors on the console, failed requests and the like, since the page was opened. */
  readonly complaints: readonly string[];
  visit(path: string): Promise<unknown>;
  /** Fails where axe finds something in light or in dark, or the page is wider than a phone; leaves it dark and narrow. */
  expectReadable(): Promise<void>;
}

/** The playground in a real browser. `site` is asked inside of every test. */
export function describePlayground(site: () => Site): void {
  describe("the playground", () => {
    const withPrograms = pages
      .map((source) => [source, codeBlocks(join(root, source), import.meta.dirname)] as const)
      .filter(([, programs]) => programs.length > 0);
    const status = () => site().page.getByRole("status").textContent();
    const output = async () => (await site().page.locator(".printed pre").allTextContents()).join("\n");
    const press = (name: string) => site().page.getByRole("button", { name, exact: true }).click();
    /** Of what takes a loaded machine longer than a second. */
    const PATIENCE = { timeout: 30_000 };
    const ended = () => expect.poll(status, PATIENCE).toMatch(/^(Done|Failed) after \d+ ms$/);

    /** Writes a program as a reader would, and runs it from the keyboard. */
    async function run(program: string): Promise<void> {
      await site().page.getByLabel("Program").fill(program);
      await site().page.keyboard.press("Control+Enter");
    }
    /** Runs it to its end; returns what it printed. */
    async function outputOf(program: string): Promise<string> {
      await run(program);
      await ended();
      return output();
    }

    test("every example prints here what it prints in Node", async () => {
      const { page, visit, complaints } = site();
      await visit("playground.html");
      for (const { name, output: recorded } of readExamples()) {
        await page.getByLabel("Example").selectOption(name);
        await press("Run");
        await ended();
        expect(`${await output()}\n`, name).toBe(recorded);
        expect(page.url()).toMatch(new RegExp(`#${name}$`));
        expect(complaints, name).toEqual([]);
      }
    }, 120_000);

    test("every example has a page with its title and what it prints", async () => {
      const { page, visit } = site();
      await visit("examples/index.html");
      const listed = await page.locator(".examples a").evaluateAll((links) =>
        Promise.all(
          links.map(async (link) => {
            const html = await fetch((link as HTMLAnchorElement).href).then((response) => response.text());
            const text = new DOMParser().parseFromString(html, "text/html");
            return { title: link.textContent, output: text.querySelector(".recorded")?.textContent };
          }),
        ),
      );
      expect(listed).toEqual(readExamples().map(({ title, output }) => ({ title, output })));
    }, 60_000);

    test("every program on a page runs at its button, and prints what the page says", async () => {
      const { page, visit, complaints } = site();
      for (const [source, programs] of withPrograms) {
        await visit(source.replace(/\.md$/, ".html"));
        for (const [i, { said }] of programs.entries()) {
          // Those that were opened have no such button any more; one after another leaves the processor to each.
          await page.getByRole("button", { name: "Edit and run" }).first().click();
          const opened = page.locator(".playground").nth(i);
          await expect.poll(() => opened.getByRole("status").textContent(), PATIENCE).toMatch(/^Done/);
          expect(await opened.locator(".printed pre").allTextContents(), source).toEqual(said);
        }
        expect(await page.getByRole("button", { name: "Edit and run" }).count()).toBe(0);
        expect(complaints, source).toEqual([]);
      }
    }, 180_000);

    test("opens from an example's page, and runs at once; nothing of it was loaded before", async () => {
      const { page, visit } = site();
      const editors: string[] = [];
      page.on("request", (request) => {
        if (/chunks\/playground/.test(request.url())) editors.push(request.url());
      });
      const last = readExamples().at(-1)!;
      await visit(`examples/${last.name}.html`);
      expect(editors).toEqual([]);
      await press("Edit and run");
      await ended();
      expect(editors.length).toBeGreaterThan(0);
      expect(`${await output()}\n`).toBe(last.output);
    }, 60_000);

    test("a link names the example, and what was written stays until Reset", async () => {
      const { page, visit } = site();
      await visit("playground.html#05-polar");
      await expect.poll(() => page.getByLabel("Program").textContent(), PATIENCE).toMatch(/newtonSchulz/);
      expect(await outputOf('console.log("edited", 6 * 7);')).toBe("edited 42");
      await page.getByLabel("Example").selectOption("01-matmul");
      await expect.poll(() => page.getByLabel("Program").textContent(), PATIENCE).toMatch(/fromRows/);
      await page.getByLabel("Example").selectOption("05-polar");
      await expect.poll(() => page.getByLabel("Program").textContent(), PATIENCE).toMatch(/edited/);
      await press("Reset");
      expect(await page.getByLabel("Program").textContent()).toMatch(/newtonSchulz/);
    }, 60_000);

    test("edits outlive a reload, and a copied link carries them to somebody else", async () => {
      const { page, visit } = site();
      await visit("playground.html#01-matmul");
      expect(await outputOf('console.log("kept", 1 + 1);')).toBe("kept 2");
      await page.reload();
      await expect.poll(() => page.getByLabel("Program").textContent(), PATIENCE).toMatch(/kept/);
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await press("Copy link");
      await expect.poll(status, PATIENCE).toBe("Link copied");
      const link = await page.evaluate(() => navigator.clipboard.readText());
      await page.evaluate(() => localStorage.clear());
      await visit("index.html");
      await page.goto(link);
      await expect.poll(() => page.getByLabel("Program").textContent(), PATIENCE).toMatch(/kept/);
      await press("Run");
      await ended();
      expect(await output()).toBe("kept 2");
      await page.goto(link.slice(0, -4));
      await page.reload();
      await expect.poll(() => page.getByRole("alert").textContent(), PATIENCE).toMatch(/damaged/);
    }, 60_000);

    test("an endless loop is stopped, however much it prints, and the page stays alive", async () => {
      await site().visit("playground.html");
      await run('for (let i = 0; ; i++) console.log("turn", i);');
      await expect.poll(output, PATIENCE).toMatch(/turn 999\n… only the first 1000 are shown$/);
      expect(await status()).toBe("Running …");
      await press("Stop");
      expect(await status()).toBe("Stopped");
      expect(await outputOf('console.log("after");')).toBe("after");
    }, 60_000);

    test("TypeScript runs, and late promises are heard", async () => {
      await site().visit("playground.html");
      const program = `import { type Matrix, identity } from "@sumo/linalg";
        const eye: Matrix<Float64Array> = identity(2);
        const main = async (turns: number): Promise<void> => {
          await new Promise<void>((done) => setTimeout(done, 50));
          console.log(eye, turns!);
        };
        main(3 as const);`;
      await run(program);
      await expect.poll(output, PATIENCE).toBe("2 × 2, Float64Array\n  1  0\n  0  1\n3");
    }, 60_000);

    const slips: readonly (readonly [program: string, message: RegExp, line: number])[] = [
      ["const a = 1;\nconst b = a +;", /^SyntaxError: Unexpected token/, 2],
      ["const a = 1;\nlet a = 2;", /^SyntaxError: Identifier 'a' has already been declared/, 2],
      ['\n\nimport _ from "lodash";', /^ImportError: there is no module "lodash" here.*@sumo\/linalg.*ndarray/, 3],
      ['\nimport { qrr } from "@sumo/linalg";', /'@sumo\/linalg' does not .* export named 'qrr'/, 2],
      [
        'import { identity, matmul } from "@sumo/linalg";\n\nmatmul(identity(2),\n  identity(3));',
        /^ShapeError \[LINALG_SHAPE\]: matmul: /,
        3,
      ],
      ["const w: number[] | undefined = undefined;\nw!.length;", /^TypeError: /, 2],
      ['\n\nPromise.reject(new Error("lost"));', /^Error: lost$/, 3],
    ];

    test("says what is wrong, and where", async () => {
      const { page, visit } = site();
      await visit("playground.html");
      for (const [program, message, line] of slips) {
        await run(program);
        await expect.poll(output, PATIENCE).toMatch(message);
        await press(`line ${line}`);
        expect(await page.evaluate(() => getSelection()?.toString())).toBe(program.split("\n")[line - 1]);
      }
    }, 60_000);

    test("every module that can be imported is named on the page, and loads", async () => {
      const { page, visit } = site();
      await visit("playground.html");
      const named = await page.locator(".vp-doc p code").allTextContents();
      expect(named.filter((text) => text !== "await").sort()).toEqual(Object.keys(modules).sort());
      const imports = Object.keys(modules).map((name, i) => `import * as m${i} from ${JSON.stringify(name)};`);
      const counts = imports.map((_, i) => `Object.keys(m${i}).length > 0`);
      expect(await outputOf(`${imports.join("\n")}\nconsole.log(${counts.join(" && ")});`)).toBe("true");
    }, 60_000);

    test("is accessible while open, in light and in dark, fits a phone, and lets Tab go", async () => {
      const { page, visit, expectReadable } = site();
      await visit("playground.html");
      await outputOf('console.log(1);\nconsole.warn("careful");\nthrow new Error("no");');
      await page.getByLabel("Program").focus();
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.closest("[aria-label=Program]"))).toBeNull();
      await expectReadable();
    }, 60_000);
  });
}
