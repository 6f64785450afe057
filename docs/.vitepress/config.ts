import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type MarkdownEnv, type MarkdownRenderer } from "vitepress";
import { readExamples } from "../examples/read-examples.ts";
import { pageDescription } from "./page-description.ts";

const guides = [
  ["Which one should I take?", "which-optimizer"],
  ["NumPy to linalg", "numpy"],
  ["Your own loop", "your-loop"],
  ["tfjs", "tfjs"],
  ["jax-js", "jax"],
  ["The GPU", "gpu"],
  ["Many processes", "mpi"],
  ["Your own adapter", "adapter"],
  ["Rank, refresh, rate", "choosing"],
  ["Checkpoints", "checkpoints"],
  ["LoRA adapters", "lora"],
  ["Your own text", "your-text"],
  ["A published model", "fine-tune-a-published-model"],
  ["When something goes wrong", "when-something-goes-wrong"],
  ["Architecture", "architecture"],
] as const;

const theory = [
  ["Orthogonalization", "orthogonalization"],
  ["The moment's spectrum", "spectrum"],
  ["A picture's subspace", "picture"],
  ["Memory", "memory"],
  ["Limits", "limits"],
] as const;

const evidence = [
  ["Measurements", ""],
  ["Linear algebra", "linalg"],
  ["Losses", "losses"],
  ["State and time", "state"],
  ["Speed of training", "speed"],
  ["Fine-tuning", "finetuning"],
  ["Adam's rates in tfjs", "tfjs"],
  ["The GPU", "gpu"],
] as const;

const examples = readExamples();
const exampleLinks = examples.map(({ name, title }) => [`${name.slice(0, 2)} ${title}`, name] as const);

const packages = ["linalg", "core", "llama", "gpu", "tfjs", "jax", "mpi"] as const;

const REPOSITORY = "https://github.com/sumo-optimizer/sumo";

const links = (folder: string, pages: readonly (readonly [string, string])[]) =>
  pages.map(([text, page]) => ({ text, link: `/${folder}/${page}` }));

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#1d5fa8" d="M2 1h3v14H2z"/><path fill="#e07b2a" d="M7 6h8v4H7z"/></svg>`;

/** Export conditions that resolve packages to their sources, as in the tests. */
const conditions = ["@sumo/source", "module", "browser", "development|production"];

/** Adds a run button to programs on hand-written pages. The reference's code consists of signatures. */
function makeCodeRunnable(markdown: MarkdownRenderer): void {
  const fence = markdown.renderer.rules.fence!;
  markdown.renderer.rules.fence = (tokens, i, options, env, self) => {
    const html = fence(tokens, i, options, env, self);
    const program = tokens[i]!.info === "ts" && !env.relativePath.startsWith("reference/");
    return program ? `<RunnableCode>${html}</RunnableCode>` : html;
  };
}

/**
 * Renders a page for the search index: examples are indexed by their list, and words of the front matter's `keywords` lead to the page's top,
 * which need not have them.
 */
function renderForSearch(
  source: string,
  env: MarkdownEnv,
  markdown: { render(source: string, env: MarkdownEnv): string },
): string {
  const listed = examples.map(({ name, title, text }) => `## ${title} {#${name}}\n\n${text}`);
  const html = markdown.render(
    env.relativePath === "examples/index.md" ? [source, ...listed].join("\n\n") : source,
    env,
  );
  const keywords = env.frontmatter?.["keywords"] as string | undefined;
  return keywords === undefined ? html : html.replace("</h1>", `</h1><p>${keywords}</p>`);
}

/** Guides answer more questions than examples and measurements, and far more than the reference, whose pages repeat each other's words. */
const weightInSearch = (path: string): number =>
  /^\/(guide\/|start)/.test(path) ? 1 : path.startsWith("/reference/") ? 0.05 : 0.3;

export default defineConfig({
  title: "SUMO",
  description: "Train models in TypeScript with little optimizer memory",
  lang: "en",
  cleanUrls: false,
  srcExclude: ["images/**"],
  lastUpdated: false,
  transformPageData: (page, { siteConfig }) => {
    const { relativePath, filePath, frontmatter } = page;
    // Tables of measurements need the width of the outline.
    if (relativePath.startsWith("evidence/")) frontmatter["aside"] = false;
    // The sources of generated pages are code.
    if (relativePath.startsWith("reference/") || page.params !== undefined) frontmatter["editLink"] = false;
    else page.description ||= pageDescription(readFileSync(join(siteConfig.srcDir, filePath), "utf8")) ?? "";
  },
  transformHead: ({ title, description }) => [
    ["meta", { property: "og:type", content: "website" }],
    ["meta", { property: "og:site_name", content: "SUMO" }],
    ["meta", { property: "og:title", content: title }],
    ["meta", { property: "og:description", content: description }],
    ["meta", { name: "twitter:card", content: "summary" }],
  ],
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  // The default colours of code have too little contrast.
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: makeCodeRunnable,
  },
  themeConfig: {
    notFound: { linkLabel: "Take me home" }, // what can be seen
    search: {
      provider: "local",
      options: { _render: renderForSearch, miniSearch: { searchOptions: { boostDocument: weightInSearch } } },
    },
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: REPOSITORY }],
    editLink: { pattern: `${REPOSITORY}/edit/main/docs/:path`, text: "Suggest a change to this page" },
    nav: [
      { text: "Start", link: "/start" },
      { text: "Guides", link: "/guide/which-optimizer", activeMatch: "/guide/" },
      { text: "Examples", link: "/examples/", activeMatch: "/examples/|/playground" },
      { text: "Theory", link: "/theory/orthogonalization", activeMatch: "/theory/" },
      { text: "Evidence", link: "/evidence/", activeMatch: "/evidence/" },
      { text: "Reference", link: "/reference/", activeMatch: "/reference/" },
    ],
    sidebar: [
      { text: "Start", link: "/start" },
      { text: "Guides", items: links("guide", guides) },
      {
        text: "Examples",
        link: "/examples/",
        collapsed: true,
        items: [{ text: "Playground", link: "/playground" }, ...links("examples", exampleLinks)],
      },
      { text: "Theory", items: links("theory", theory) },
      { text: "Evidence", items: links("evidence", evidence) },
      {
        text: "Reference",
        link: "/reference/",
        items: [
          ...packages.map((name) => ({ text: `@sumo/${name}`, link: `/reference/@sumo/${name}/` })),
          ...links("guide", [
            ["Options of the trainer", "options"],
            ["Errors by code", "errors"],
            ["Counterparts and requirements", "compatibility"],
          ]),
        ],
      },
    ],
  },
  vite: {
    resolve: { conditions },
    ssr: { noExternal: [/^@sumo\//], resolve: { conditions } },
    build: { chunkSizeWarningLimit: 1000 },
    // The playground's worker loads modules when a program asks for them.
    worker: { format: "es" },
    // An error's name is its class's, and readers see it.
    esbuild: { keepNames: true },
  },
});
