import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pageDescription } from "../.vitepress/page-description.ts";
import { pages, root } from "./pages.ts";

test("every page by hand has a description of its own, of whole words without markup", () => {
  const all = pages
    .map((page) => [page, readFileSync(join(root, page), "utf8")] as const)
    .filter(([, source]) => !/^---\n[\s\S]*layout: home/.test(source))
    .map(([page, source]) => [page, pageDescription(source)] as const);
  for (const [page, description] of all) {
    expect(description?.length, page).toBeGreaterThan(30);
    expect(description!.length, page).toBeLessThanOrEqual(202);
    expect(description, page).not.toMatch(/[`*]|<\/?[a-z]|\]\(|{{|\n/);
  }
  expect(new Set(all.map(([, description]) => description)).size).toBe(all.length);
});

test("a description is the first prose, cut after a sentence", () => {
  const page = `---\nx: 1\n---\n<script setup>\nimport a from "b";\n</script>\n\n# Title\n\n\`\`\`sh\nrun\n\`\`\`\n\nOne [link](/a) and \`code\`. ${"Word ".repeat(60)}end.\n\nTwo.`;
  expect(pageDescription(page)).toMatch(/^One link and code\. Word .* …$/);
  expect(pageDescription(`# A\n\n${"A sentence of some length stands here. ".repeat(9)}`)).toMatch(/here\.$/);
  expect(pageDescription("# Only a title")).toBeUndefined();
});
